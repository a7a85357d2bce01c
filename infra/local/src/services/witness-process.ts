import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { COSIGNATURE, type NoteKey, openNoteKey } from '@sluice/merkle-log';
import type { DataDirectory } from '../data-directory.js';
import { StackFailure } from '../failure.js';
import { PROJECT_ROOT } from '../paths.js';
import { requireFreePort } from '../ports.js';
import { Component } from '../process/component.js';
import type { Guardian } from '../process/guardian.js';
import { ManagedProcess } from '../process/managed-process.js';
import { endOrphanOf } from '../process/orphan.js';
import { LOG_ORIGIN } from './environment.js';

/** A real one belongs to somebody else, or it proves nothing: this one shows how it works. */
const WITNESS_NAME = 'witness.sluice.local';

const STOP_TIMEOUT_MS = 2_000;

export interface WitnessPlan {
  port: number;
  data: DataDirectory;
  guardian: Guardian;
}

/** A process of the witness program that watches the stack's log. */
export class WitnessProcess extends Component {
  override readonly title = 'witness';
  readonly url: string;
  /** To check its cosignatures with. */
  readonly verifierKey: string;
  readonly #plan: WitnessPlan;
  readonly #logKey: NoteKey;

  /** Makes the keys of the log and of the witness where they are missing: each has to know the other's. */
  static async prepare(plan: WitnessPlan): Promise<WitnessProcess> {
    const { data } = plan;
    const logKey = await openNoteKey(data.at('keys', 'log.ed25519.pem'), LOG_ORIGIN);
    const own = await openNoteKey(data.at('witness', 'witness.ed25519.pem'), WITNESS_NAME, COSIGNATURE);
    return new WitnessProcess(plan, logKey, own.verifierKey);
  }

  private constructor(plan: WitnessPlan, logKey: NoteKey, verifierKey: string) {
    super();
    this.#plan = plan;
    this.#logKey = logKey;
    this.verifierKey = verifierKey;
    this.url = `http://127.0.0.1:${plan.port}`;
  }

  /** Returns when the process runs: the log does not wait for it to serve, nor should the stack. */
  protected override async launch(): Promise<void> {
    const { port, data, guardian } = this.#plan;
    const entry = join(PROJECT_ROOT, 'services', 'witness', 'dist', 'main.js');
    if (!existsSync(entry)) {
      throw new StackFailure('not-built', 'The witness is not built; run "npm run build" and start again.');
    }
    await endOrphanOf(data.runFile('witness'), 'SIGTERM', STOP_TIMEOUT_MS);
    await requireFreePort(port, this.title);
    this.adopt(
      await ManagedProcess.start({
        command: process.execPath,
        args: ['--enable-source-maps', entry],
        env: {
          ...process.env,
          SLUICE_WITNESS_PORT: String(port),
          SLUICE_WITNESS_NAME: WITNESS_NAME,
          SLUICE_WITNESS_STATE_DIR: data.at('witness'),
          SLUICE_WITNESS_LOGS: this.#logKey.verifierKey,
        },
        cwd: PROJECT_ROOT,
        logFile: data.logFile('witness'),
        runFile: data.runFile('witness'),
        stopSignal: 'SIGTERM',
        stopTimeoutMs: STOP_TIMEOUT_MS,
        guardian,
      }),
    );
  }
}
