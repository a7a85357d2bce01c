import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@sluice/contracts';

/** This package's folder. The file lies one level below it both as source and as built. */
export const PACKAGE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The checkout. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What runs a service: bundled, since that starts in a third of the time (infra/bundle). */
export const serviceProgram = (name: ServiceName): string =>
  join(PROJECT_ROOT, 'infra', 'bundle', 'dist', `${name}.js`);

/** What can be made again at any time and is shared by all data folders: Kafka's jars, the tests' template. */
export const CACHE_ROOT = join(PROJECT_ROOT, 'node_modules', '.cache', 'sluice');

/**
 * The file to run a module of this package as its own process: the source where the caller runs from sources (Node
 * strips the types), else the built one. The module must not import other files of the package.
 */
export function standaloneModule(callerUrl: string, name: string): string {
  return fileURLToPath(new URL(`${name}${callerUrl.endsWith('.ts') ? '.ts' : '.js'}`, callerUrl));
}
