/**
 * Puts each service, with the packages it uses, into one file of `dist/`, and what several use into files beside it. A
 * service is started from there: more than half of what a start took was finding and reading 2,250 modules
 * (docs/design/performance.md).
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICES } from '@sluice/contracts';
import { rolldown } from 'rolldown';
import { compileSchemasWhenUsed } from './compile-schemas-when-used.ts';
import { inAscii } from './in-ascii.ts';
import { keepPlaces } from './keep-places.ts';
import { endWhatIsMapped, mapToSources } from './map-to-sources.ts';

/** What Nest and pg look for and do without. */
const NOT_INSTALLED = [
  /^@nestjs\/(websockets|platform-express)/,
  /^@fastify\/(static|view|multipart)/,
  /^class-(transformer|validator)/,
  /^@nats-io\//,
  'amqp-connection-manager',
  'ioredis',
  'mqtt',
  'pg-native',
];

const out = fileURLToPath(new URL('../dist', import.meta.url));
const entry = (service: string) => fileURLToPath(new URL(`../../../services/${service}/dist/main.js`, import.meta.url));

const bundle = await rolldown({
  input: Object.fromEntries(SERVICES.map((service) => [service, entry(service)])),
  platform: 'node',
  external: NOT_INSTALLED,
  // Nothing is left out: what a module does when it is loaded, decorators for one, is what Nest works with.
  treeshake: false,
  plugins: [mapToSources, keepPlaces(out), compileSchemasWhenUsed],
  onLog(level, log, report) {
    // What is missing shows when it is packed, not when a service first needs it.
    if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    report(level, log);
  },
});
const { output } = await bundle.write({
  dir: out,
  cleanDir: true,
  format: 'esm',
  sourcemap: true,
  sourcemapExcludeSources: true, // they lie beside
  keepNames: true,
  comments: { annotation: false, jsdoc: false },
  entryFileNames: '[name].js',
  chunkFileNames: 'shared-[hash].js',
});
for (const file of output) {
  if (file.type === 'chunk') await writeFile(join(out, file.fileName), inAscii(file.code));
  if (file.type === 'asset') await writeFile(join(out, file.fileName), endWhatIsMapped(String(file.source)));
}
