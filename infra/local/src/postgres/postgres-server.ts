import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { type DataDirectory, damaged, fromAnotherVersion } from '../data-directory.js';
import { diskFull, StackFailure } from '../failure.js';
import { portBusy, requireFreePort } from '../ports.js';
import { Component } from '../process/component.js';
import type { Guardian } from '../process/guardian.js';
import { commandLineOf, isAlive } from '../process/identity.js';
import { ManagedProcess } from '../process/managed-process.js';
import { endProcess } from '../process/orphan.js';
import { postgresBinaries } from './binaries.js';
import { requireReachable, userForPostgres } from './system-user.js';

const MAJOR_VERSION = '18';
const DATABASE = 'sluice';
const START_TIMEOUT_MS = 120_000; // recovery after a crash replays up to max_wal_size
const STOP_TIMEOUT_MS = 6_000;
const POLL_MS = 20;
const PREDECESSOR_TIMEOUT_MS = 5_000;
const PREDECESSOR_POLL_MS = 250;

export interface PostgresOptions {
  data: DataDirectory;
  port: number;
  guardian: Guardian;
  /** False for data that nobody keeps: a crash of the machine (not of the process) then loses them. */
  durable?: boolean;
  onProgress?: (line: string) => void;
}

/** The embedded PostgreSQL, on 127.0.0.1 only. */
export class PostgresServer extends Component {
  override readonly title = 'PostgreSQL';
  /** The administrator's connection to the stack's database. */
  readonly url: string;
  readonly #options: PostgresOptions;
  readonly #directory: string;
  readonly #password: string;

  constructor(options: PostgresOptions) {
    super();
    this.#options = options;
    this.#directory = options.data.at('postgres');
    this.#password = options.data.secrets.get('postgres-admin');
    this.url = this.#urlOf(DATABASE);
  }

  protected override async launch(): Promise<void> {
    await this.#endOrphan();
    await requireFreePort(this.#options.port, 'PostgreSQL');
    await this.#initialise();
    await this.#spawnUntilReady();
    await this.#createDatabase();
  }

  /** Makes the data folder where there is none yet. */
  async #initialise(): Promise<void> {
    if (existsSync(this.#directory)) return this.#requireUsable();
    this.#options.onProgress?.('PostgreSQL: creating the data folder (first start only)');
    const user = userForPostgres();
    if (user) requireReachable(user, this.#options.data.path);
    // Made beside and renamed: what carries the final name is whole.
    const forming = `${this.#directory}.forming`;
    rmSync(forming, { recursive: true, force: true });
    const work = `${forming}/initdb`;
    mkdirSync(work, { recursive: true, mode: 0o700 });
    const passwordFile = join(forming, 'password');
    writeFileSync(passwordFile, this.#password, { mode: 0o600 });
    if (user) for (const path of [forming, work, passwordFile]) chownSync(path, user.uid, user.gid);
    const flags = [
      `--pgdata=${work}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The built-in provider orders text the same on every machine, whatever its C library.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(this.#options.durable === false ? ['--no-sync'] : []),
    ];
    try {
      await promisify(execFile)(postgresBinaries().initdb, flags, { ...(user && { uid: user.uid, gid: user.gid }) });
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? error);
      rmSync(forming, { recursive: true, force: true });
      if (said.includes('No space left')) throw diskFull(this.#options.data.path, error);
      throw new StackFailure('postgres-failed', `PostgreSQL could not create its data folder: ${firstLine(said)}`, {
        cause: error,
      });
    }
    renameSync(work, this.#directory);
    rmSync(forming, { recursive: true });
  }

  /** A server that was killed may still be about to vanish; until then a new one refuses to start. */
  async #spawnUntilReady(): Promise<void> {
    const giveUp = Date.now() + PREDECESSOR_TIMEOUT_MS;
    for (;;) {
      this.adopt(await this.#spawn());
      const failure = await this.#ready();
      if (failure === undefined) return;
      if (failure === 'failed') throw this.#explain();
      if (Date.now() > giveUp) {
        // Where nobody collects dead processes (some containers), a killed server's id stays taken for ever.
        if (isAlive(Number(this.#pidFile()[0])) || !this.#removePidFile()) throw this.#explain();
      }
      await delay(PREDECESSOR_POLL_MS);
    }
  }

  async #spawn(): Promise<ManagedProcess> {
    const { data, port, guardian, durable } = this.#options;
    const user = userForPostgres();
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 200,
      shared_buffers: '512MB', // with 20,000 persons at work, half of it had 800 pages a second thrown out
      // WAL files are used again, as many as there may be: a new one is filled with zeros first, and every commit waits for
      // that, 50 to 100 ms, or 1.5 s where much else is being written.
      min_wal_size: '2GB',
      max_wal_size: '2GB',
      checkpoint_timeout: '15min',
      jit: 'off',
      // Statements, parameters and constraint details can hold personal values; none may reach a log.
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      log_parameter_max_length: 0,
      log_parameter_max_length_on_error: 0,
      ...(durable === false && { fsync: 'off', full_page_writes: 'off' }),
    };
    return ManagedProcess.start({
      command: postgresBinaries().postgres,
      args: [
        '-D',
        this.#directory,
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env: { ...process.env, LC_ALL: 'C' },
      ...(user && { user: { uid: user.uid, gid: user.gid } }),
      logFile: data.logFile('postgres'),
      runFile: data.runFile('postgres'),
      stopSignal: 'SIGINT', // "fast": ends sessions, writes a checkpoint
      stopTimeoutMs: STOP_TIMEOUT_MS,
      guardian,
    });
  }

  /** Waits until the server's own pid file says `ready`. */
  async #ready(): Promise<'predecessor-ending' | 'failed' | undefined> {
    const started = Date.now();
    let told = false;
    for (;;) {
      const process = this.process;
      const [pid, , , , , , , status] = this.#pidFile();
      if (pid === String(process.pid) && status?.trim() === 'ready') return undefined;
      if (process.exit) {
        return /shared memory block.*is still in use|lock file .*already exists/.test(process.output())
          ? 'predecessor-ending'
          : 'failed';
      }
      const waited = Date.now() - started;
      if (waited > 2_000 && !told) {
        this.#options.onProgress?.('PostgreSQL: recovering after an unclean stop');
        told = true;
      }
      if (waited > START_TIMEOUT_MS) {
        await this.stop();
        throw new StackFailure(
          'postgres-failed',
          `PostgreSQL was not ready after ${START_TIMEOUT_MS / 1000} s; see ${this.#options.data.logFile('postgres')}.`,
        );
      }
      await delay(POLL_MS);
    }
  }

  /**
   * A former start that was killed may have left its server running on this data. It is known by the pid file and by
   * its command line naming this folder; any other process that has the id now is left alone.
   */
  async #endOrphan(): Promise<void> {
    const pid = Number(this.#pidFile()[0]);
    if (!Number.isInteger(pid) || pid <= 1) return;
    const commandLine = commandLineOf(pid);
    if (commandLine?.includes('postgres') && commandLine.includes(this.#directory)) {
      this.#options.onProgress?.(`PostgreSQL: stopping process ${pid}, left by a start that was killed`);
      await endProcess(pid, 'SIGINT', STOP_TIMEOUT_MS);
    } else if (commandLine !== undefined) {
      // PostgreSQL itself would take that stranger for a running server and refuse to start.
      this.#removePidFile();
    }
  }

  /** Whether there was one. */
  #removePidFile(): boolean {
    const file = join(this.#directory, 'postmaster.pid');
    const present = existsSync(file);
    rmSync(file, { force: true });
    return present;
  }

  #pidFile(): string[] {
    try {
      return readFileSync(join(this.#directory, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  #requireUsable(): void {
    let version: string;
    try {
      version = readFileSync(join(this.#directory, 'PG_VERSION'), 'utf8').trim();
    } catch (error) {
      throw damaged(this.#options.data.path, 'its PostgreSQL files are incomplete', error);
    }
    if (version !== MAJOR_VERSION) throw fromAnotherVersion(this.#options.data.path, `PostgreSQL ${version}`);
  }

  #explain(): StackFailure {
    const { data, port } = this.#options;
    const said = this.process.output();
    if (/could not bind|Address already in use/.test(said)) return portBusy(port, 'PostgreSQL');
    if (/No space left on device/.test(said)) return diskFull(data.path);
    if (/incompatible with server/.test(said)) return fromAnotherVersion(data.path, 'another version of PostgreSQL');
    if (/valid checkpoint|PANIC|is missing|could not open file|could not read|invalid data|corrupt/i.test(said)) {
      return damaged(data.path, 'PostgreSQL cannot recover from its files');
    }
    return new StackFailure('postgres-failed', `PostgreSQL did not start; see ${data.logFile('postgres')}.`);
  }

  async #createDatabase(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#urlOf('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`create database ${DATABASE}`);
    } finally {
      await client.end();
    }
  }

  #urlOf(database: string): string {
    return `postgres://postgres:${this.#password}@127.0.0.1:${this.#options.port}/${database}`;
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
