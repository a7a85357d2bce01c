import { join, relative } from 'node:path';
import { SERVICES } from '@sluice/contracts';
import pc from 'picocolors';
import { PERSONAS, type Persona, type PersonaName } from '../issuer/personas.js';
import { DEFAULT_DATA_DIR } from '../options.js';
import { PACKAGE_ROOT } from '../paths.js';
import type { LocalStack } from '../stack.js';

const KINDS = { person: 'persons', agency: 'agencies', staff: 'staff' } as const;

/** What a person sees once everything runs: where it is, who one can be, and how to end it. */
export function welcome(stack: LocalStack, dataDir: string, startedInMs: number): string {
  const { kafka, postgres, data } = stack.infrastructure;
  const urls = stack.urls;
  const show = (path: string) => {
    const fromHere = relative(process.cwd(), path);
    return fromHere.startsWith('..') ? path : fromHere;
  };
  const folder = dataDir === DEFAULT_DATA_DIR ? '' : ` --data-dir ${dataDir}`;
  const token = `node ${show(join(PACKAGE_ROOT, 'dist', 'token.js'))}${folder}`;
  const addresses: [string, string, string?][] = [
    ...SERVICES.map((name): [string, string] => [name, urls[name]]),
    ...(stack.witness ? [['witness', stack.witness.url, 'cosigns the audit log'] as [string, string, string]] : []),
    ['issuer', urls.issuer, 'gives tokens to the people and agencies below'],
    postgres
      ? ['PostgreSQL', withoutPassword(stack.postgresUrl), `password in ${show(data.secrets.path('postgres-admin'))}`]
      : ['PostgreSQL', withoutPassword(stack.postgresUrl), 'yours'],
    ['Kafka', stack.kafka.internal.join(','), kafka ? 'services, SCRAM-SHA-512' : 'yours'],
    ...(kafka ? [['', kafka.agency.join(','), 'agencies, OAUTHBEARER'] as [string, string, string]] : []),
    ['logs', show(data.at('logs'))],
  ];
  const names = Math.max(...addresses.map(([name]) => name.length));
  const places = Math.max(...addresses.map(([, place]) => place.length));
  return [
    '',
    `${pc.green('Sluice is running')} ${pc.dim(`(started in ${(startedInMs / 1000).toFixed(1)} s)`)}`,
    '',
    ...addresses.map(([name, place, note = '']) =>
      `  ${pc.bold(name.padEnd(names))}  ${place.padEnd(places)}  ${pc.dim(note)}`.trimEnd(),
    ),
    '',
    'Be somebody: a token for',
    ...Object.entries(KINDS).map(([kind, title]) => `  ${pc.bold(title.padEnd(names))}  ${personasOf(kind)}`),
    `  ${pc.cyan(`${token} lin`)}`,
    '',
    'Use it, or watch it work:',
    `  ${pc.cyan(`curl -H "authorization: Bearer $(${token} lin)" ${urls.consent}/grants`)}`,
    `  ${pc.cyan(`npm run demo${folder && ` --${folder}`}`)}`,
    '',
    'Ctrl-C stops everything; the data stay and the next start goes on with them.',
  ].join('\n');
}

function personasOf(kind: string): string {
  return (Object.entries(PERSONAS) as [PersonaName, Persona][])
    .filter(([, persona]) => persona.claims.kind === kind)
    .map(([name, persona]) => `${name} ${pc.dim(`(${persona.label})`)}`)
    .join('  ');
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = '';
  return url.href;
}
