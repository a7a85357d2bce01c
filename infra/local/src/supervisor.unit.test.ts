import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Component } from './process/component.js';
import { Guardian } from './process/guardian.js';
import { ManagedProcess } from './process/managed-process.js';
import { Supervisor } from './supervisor.js';
import { temporaryDataDir } from './testing/test-infrastructure.js';

class Sleeper extends Component {
  override readonly title = 'sleeper';
  refusals = 0;

  protected override async launch(): Promise<void> {
    if (this.refusals-- > 0) throw new Error('not now');
    this.adopt(
      await ManagedProcess.start({
        command: 'sleep',
        args: ['60'],
        logFile: join(dataDir.path, 'sleeper.log'),
        runFile: join(dataDir.path, 'sleeper.json'),
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 1_000,
        guardian,
      }),
    );
  }
}

let dataDir: ReturnType<typeof temporaryDataDir>;
let guardian: Guardian;
let sleeper: Sleeper;
let supervisor: Supervisor;
let said: string[];

beforeEach(async () => {
  dataDir = temporaryDataDir();
  guardian = new Guardian();
  sleeper = new Sleeper();
  await sleeper.start();
  said = [];
  supervisor = new Supervisor([sleeper], (line) => said.push(line));
});
afterEach(async () => {
  supervisor.close();
  await sleeper.stop();
  guardian.close();
  dataDir.remove();
});

test('starts again what was killed from outside, and says so', async () => {
  const killed = sleeper.pid;
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => said).toHaveLength(2);
  expect(said).toEqual(['sleeper was ended by SIGKILL; starting it again in 1 s', 'sleeper runs again']);
  expect(sleeper.isRunning).toBe(true);
  expect(sleeper.pid).not.toBe(killed);
});

test('tries again, more slowly, when the start fails', async () => {
  sleeper.refusals = 1;
  process.kill(sleeper.pid, 'SIGTERM');
  await expect.poll(() => said).toHaveLength(3);
  expect(said[1]).toBe('sleeper did not start (not now); starting it again in 2 s');
  expect(said[2]).toBe('sleeper runs again');
});

test('leaves alone what was stopped on purpose', async () => {
  await sleeper.stop();
  await sleeper.start();
  await sleeper.kill();
  expect(said).toEqual([]);
});
