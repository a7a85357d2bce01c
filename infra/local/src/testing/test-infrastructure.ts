import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackFailure } from '../failure.js';
import { type Infrastructure, startInfrastructure } from '../infrastructure.js';
import { freeInfrastructurePorts } from '../ports.js';

const PORT_TRIES = 3;

/** A fresh data folder. `remove` deletes it once nothing runs in it any more. */
export function temporaryDataDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  chmodSync(path, 0o755); // as root, PostgreSQL runs as another user and has to enter
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Infrastructure for tests: empty, in a temporary folder that `stop` deletes, on free ports. */
export async function startTestInfrastructure(): Promise<Infrastructure> {
  for (let attempt = 1; ; attempt++) {
    const dataDir = temporaryDataDir();
    try {
      const ports = await freeInfrastructurePorts();
      const infrastructure = await startInfrastructure({ dataDir: dataDir.path, ports, durable: false });
      return {
        ...infrastructure,
        stop: async () => {
          await infrastructure.stop();
          dataDir.remove();
        },
      };
    } catch (error) {
      dataDir.remove();
      // A free port can be taken by somebody else before it is used here.
      if (error instanceof StackFailure && error.code === 'port-busy' && attempt < PORT_TRIES) continue;
      throw error;
    }
  }
}
