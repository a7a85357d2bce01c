import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackFailure } from '../failure.js';
import { type Infrastructure, startInfrastructure } from '../infrastructure.js';
import { freeInfrastructurePorts } from '../ports.js';

const PORT_TRIES = 3;

/** Infrastructure for tests: empty, in a temporary folder that `stop` deletes, on free ports. */
export async function startTestInfrastructure(): Promise<Infrastructure> {
  for (let attempt = 1; ; attempt++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user and has to enter
    const remove = () => rmSync(dataDir, { recursive: true, force: true });
    try {
      const infrastructure = await startInfrastructure({
        dataDir,
        ports: await freeInfrastructurePorts(),
        durable: false,
      });
      return {
        ...infrastructure,
        stop: async () => {
          await infrastructure.stop();
          remove();
        },
      };
    } catch (error) {
      remove();
      // A free port can be taken by somebody else before it is used here.
      if (error instanceof StackFailure && error.code === 'port-busy' && attempt < PORT_TRIES) continue;
      throw error;
    }
  }
}
