import { execFileSync, spawnSync } from 'node:child_process';
import { StackFailure } from '../failure.js';

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, or as `nobody` where that user is missing. */
export function userForPostgres(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { name, uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user: the next one.
    }
  }
  throw new StackFailure(
    'postgres-failed',
    'PostgreSQL does not run as root and there is no user "postgres" to run it as; create one (useradd postgres) or start as an ordinary user.',
  );
}

/** A folder below somebody's private home stops the other user before PostgreSQL can say anything clear. */
export function requireReachable(user: SystemUser, path: string): void {
  const test = spawnSync('test', ['-x', path], { uid: user.uid, gid: user.gid });
  if (test.status === 0) return;
  throw new StackFailure(
    'data-not-reachable',
    `As root, PostgreSQL runs as the user "${user.name}", who cannot enter ${path}; choose a folder that user can enter (--data-dir /var/tmp/sluice), or start as an ordinary user.`,
  );
}
