import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackFailure } from '../failure.js';
import { type Infrastructure, type InfrastructureOptions, startInfrastructure } from '../infrastructure.js';
import { requireJava } from '../kafka/java.js';
import { kafkaLibraries } from '../kafka/libraries.js';
import { freeInfrastructurePorts } from '../ports.js';

const PORT_TRIES = 3;

/** A fresh data folder. `remove` deletes it once nothing runs in it any more. */
export function temporaryDataDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  chmodSync(path, 0o755); // as root, PostgreSQL runs as another user and has to enter
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Has a broker start and end where there is no class archive yet: the others of a run would start slower and each try to
 * write one when it ends.
 */
export async function prepareClassArchive(): Promise<void> {
  const { classArchive } = await kafkaLibraries(await requireJava());
  if (existsSync(classArchive)) return;
  const { stop } = await startTestInfrastructure({ postgres: false });
  await stop();
}

/** Infrastructure for tests: empty, in a temporary folder that `stop` deletes, on free ports. */
export async function startTestInfrastructure(parts: InfrastructureOptions['parts'] = {}): Promise<Infrastructure> {
  for (let attempt = 1; ; attempt++) {
    const dataDir = temporaryDataDir();
    try {
      const ports = await freeInfrastructurePorts();
      const infrastructure = await startInfrastructure({ dataDir: dataDir.path, ports, parts, durable: false });
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
