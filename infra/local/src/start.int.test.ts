import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PACKAGE_ROOT } from './paths.js';
import { freePortBase } from './ports.js';
import { isAlive } from './process/identity.js';
import { allocatorEnvironment } from './services/allocator.js';
import { temporaryDataDir } from './testing/test-infrastructure.js';

const START = join(PACKAGE_ROOT, 'dist', 'start.js');
const TOKEN = join(PACKAGE_ROOT, 'dist', 'token.js');

let dataDir: ReturnType<typeof temporaryDataDir>;
let portBase: number;
let running: Running | undefined;

beforeEach(async () => {
  dataDir = temporaryDataDir();
  portBase = await freePortBase();
});
afterEach(async () => {
  await running?.end();
  running = undefined;
  dataDir.remove();
});

describe('npm start', () => {
  test('brings everything up, comes back after kill -9 of everything, and stops cleanly', async () => {
    running = new Running();
    await running.says('Sluice is running');
    const token = spawnSync(process.execPath, [TOKEN, '--data-dir', dataDir.path, 'lin'], { encoding: 'utf8' }).stdout;
    const grants = () =>
      fetch(`http://127.0.0.1:${portBase + 2}/grants`, { headers: { authorization: `Bearer ${token.trim()}` } });
    expect((await grants()).status).toBe(200);

    const pids = [running.pid, ...childrenOf(running.pid)];
    expect(pids).toHaveLength(11); // stack, guard, issuer, PostgreSQL, Kafka, witness, five services
    const withJemalloc = pids.filter((pid) => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libjemalloc'));
    expect(withJemalloc).toHaveLength('LD_PRELOAD' in allocatorEnvironment() ? SERVICES.length : 0);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await expect.poll(() => pids.some(isAlive)).toBe(false);

    running = new Running();
    await running.says('Sluice is running');
    expect((await grants()).status).toBe(200); // the issuer's key is the same one

    const asked = Date.now();
    expect(await running.end()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(20_000); // its own limit is 14.5 s, and it exits with 1 then;
    expect(readdirSync(join(dataDir.path, 'run'))).toEqual([]);
    expect(existsSync(join(dataDir.path, 'stack.lock'))).toBe(false);
  }, 500_000);

  test('can be stopped while it is still starting', async () => {
    running = new Running();
    await running.says('Kafka: formatting');
    const pid = running.pid;
    const children = childrenOf(pid);
    expect(await running.end()).toBe(0);
    await expect.poll(() => children.some(isAlive)).toBe(false);
    expect(running.output).toContain('Stopped');
  }, 240_000);

  test.each([
    [['--port-base', 'high'], {}, '--port-base takes a number from 1 to 65500, not "high".'],
    [['--prot-base', '1'], {}, "Unknown option '--prot-base'; --help lists what there is."],
    [[], { JAVA_HOME: '/nowhere' }, 'Kafka needs Java 17 or newer and JAVA_HOME (/nowhere) holds none; install a JRE'],
    [[], { SLUICE_PG_URL: 'postgres://me:secret@127.0.0.1:1/x' }, 'The PostgreSQL that SLUICE_PG_URL names does not'],
  ])('says in a sentence what is wrong: %j %j', async (args, env, sentence) => {
    running = new Running(args, env);
    expect(await running.exit).toBe(1);
    expect(running.output).toContain(`Sluice did not start: ${sentence}`);
    expect(running.output).not.toMatch(/secret|^ {4}at /m);
  });
});

/** One `npm start` on the data folder and ports of the test. */
class Running {
  output = '';
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(args: string[] = [], env: Record<string, string> = {}) {
    this.#child = spawn(
      process.execPath,
      [START, '--data-dir', dataDir.path, '--port-base', String(portBase), ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...env } },
    );
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exit = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async says(text: string): Promise<void> {
    await expect
      .poll(() => this.output.includes(text) || this.#child.exitCode !== null, { timeout: 200_000, interval: 50 })
      .toBe(true);
    expect(this.output).toContain(text);
  }

  /** Ctrl-C. Resolves with the exit code. */
  async end(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return await this.exit;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
