import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../witness/dist/main.js', import.meta.url));
const SAYS = /^witness (\S+) listens on http:\/\/127\.0\.0\.1:(\d+)$/;

/** The witness program as a process of its own, as an agency would run it. */
export class RunningWitness {
  #process: ChildProcess | undefined;
  #verifierKey = '';
  /** A free one at first, and then the same again. */
  #port = 0;

  private constructor(
    private readonly name: string,
    private readonly folder: string,
    private readonly logKey: string,
  ) {}

  static async start(name: string, logKey: string): Promise<RunningWitness> {
    const witness = new RunningWitness(name, await mkdtemp(join(tmpdir(), 'sluice-witness-')), logKey);
    await witness.start();
    return witness;
  }

  get verifierKey(): string {
    return this.#verifierKey;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const process = spawn(globalThis.process.execPath, [PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        SLUICE_WITNESS_PORT: String(this.#port),
        SLUICE_WITNESS_NAME: this.name,
        SLUICE_WITNESS_STATE_DIR: this.folder,
        SLUICE_WITNESS_LOGS: this.logKey,
      },
    });
    const [line] = (await once(createInterface(process.stdout), 'line')) as [string];
    const [, key, port] = SAYS.exec(line) ?? [];
    if (key === undefined) throw new Error(`a witness that says: ${line}`);
    this.#verifierKey = key;
    this.#port = Number(port);
    this.#process = process;
  }

  /** kill -9: what it signed is on its disk. */
  async kill(): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit');
    this.#process?.kill('SIGKILL');
    await ended;
    this.#process = undefined;
  }

  /** SIGSTOP: connections are accepted, and nothing is answered. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }
}
