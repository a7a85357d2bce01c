import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTE_CODES, ATTRIBUTES, CATALOGUE_VERSION } from '../catalogue/attributes.js';
import { PURPOSES } from '../catalogue/purposes.js';
import { auditEndpoints } from '../http/audit.js';
import { consentEndpoints } from '../http/consent.js';
import { deliveryEndpoints } from '../http/delivery.js';
import type { EndpointContract } from '../http/endpoint.js';
import { REBUILD_ENDPOINTS } from '../http/rebuilds.js';
import { registryEndpoints } from '../http/registry.js';
import { vettingEndpoints } from '../http/vetting.js';
import { PROBLEMS } from '../problems.js';
import { SERVICES, type ServiceName } from '../topics.js';
import { asyncApi } from './asyncapi.js';
import { openApiOf, schemaOf } from './openapi.js';

const DESCRIPTIONS: Record<ServiceName, string> = {
  registry: 'The authority on persons, attribute values and their provenance.',
  consent: 'The authority on grants: who may receive what, why, and until when.',
  vetting: 'The authority on agencies, accreditations and sanctions.',
  delivery: 'Decisions, lanes and feeds.',
  audit: 'Who saw what, when, why, under which grant.',
};

const ENDPOINTS: Record<ServiceName, readonly EndpointContract[]> = {
  registry: registryEndpoints,
  consent: consentEndpoints,
  vetting: vettingEndpoints,
  delivery: deliveryEndpoints,
  audit: auditEndpoints,
};

/** Every generated file by name, made from the contracts alone. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, unknown>([
    ['asyncapi.json', asyncApi()],
    ['catalogue.json', catalogue()],
    ['problems.json', PROBLEMS],
  ]);
  for (const service of SERVICES) {
    files.set(
      `${service}.openapi.json`,
      openApiOf(service, DESCRIPTIONS[service], [...ENDPOINTS[service], ...Object.values(REBUILD_ENDPOINTS[service])]),
    );
  }
  return new Map([...files].map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]));
}

function catalogue(): unknown {
  const attributes = Object.fromEntries(
    ATTRIBUTE_CODES.map((code) => [code, { ...ATTRIBUTES[code], schema: schemaOf(ATTRIBUTES[code].schema, 'input') }]),
  );
  return { version: CATALOGUE_VERSION, attributes, purposes: PURPOSES };
}

function main(): void {
  const folder = join(process.cwd(), 'docs', 'api');
  const files = generatedFiles();
  mkdirSync(folder, { recursive: true });
  const present = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (!process.argv.includes('--check')) {
    for (const name of present) rmSync(join(folder, name));
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    console.log(`wrote ${files.size} files to docs/api`);
    return;
  }
  const stale = [...files].filter(
    ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), 'utf8') !== text,
  );
  const surplus = present.filter((name) => !files.has(name));
  for (const [name] of stale) console.error(`docs/api/${name} is not what the contracts say; run npm run generate`);
  for (const name of surplus) console.error(`docs/api/${name} comes from no contract; run npm run generate`);
  if (stale.length + surplus.length > 0) process.exit(1);
  console.log(`${files.size} generated files are up to date`);
}

main();
