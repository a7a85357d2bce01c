import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FileHighWater, FileTileStorage, LogWriter, NoteKey } from '../index.js';
import { folderSource, verifiedLeaves } from '../testing/check-log.js';
import { CRASH_LOG, crashLeaf } from '../testing/crash-leaf.js';
import { withFolder } from '../testing/folder.js';
import { testKey } from '../testing/golden-log.js';

const WRITER = fileURLToPath(new URL('../../dist/testing/crash-writer.js', import.meta.url));
const key = new NoteKey(CRASH_LOG, testKey(4));

/** Four logs at a time: most of a round is waiting for a process to start and for the disk. */
const LOGS = 4;
const ROUNDS = 50;
const LONGEST_RUN_MS = 80;

type Message = { opened: number } | { first: number; from: number; count: number };

it('200 times kill -9 at a random moment: the log is true, never shrinks, and holds every acknowledged leaf once', async () => {
  expect(existsSync(WRITER), 'the packages are built').toBe(true);
  await Promise.all(Array.from({ length: LOGS }, () => withFolder(crashAgainAndAgain)));
}, 900_000);

async function crashAgainAndAgain(folder: string): Promise<void> {
  const storage = new FileTileStorage(join(folder, 'log'));
  /** By index in the log: what the writer acknowledged. Kept here, so that the log cannot change it. */
  const acknowledged = new Map<number, string>();
  let size = 0;
  /** Rounds that were cut off in the middle of a batch: its journal is still there. */
  let interrupted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const messages = await runAndKill(folder, round);
    for (const message of messages) {
      if ('opened' in message) expect(message.opened).toBeGreaterThanOrEqual(size);
      else
        for (let at = 0; at < message.count; at++)
          acknowledged.set(message.first + at, crashLeaf(round, message.from + at));
    }
    if (!existsSync(join(folder, 'log/checkpoint'))) continue;
    const leaves = await verifiedLeaves(folderSource(join(folder, 'log')), key);
    expect(leaves.length).toBeGreaterThanOrEqual(size);
    for (const [index, leaf] of acknowledged) expect(leaves[index]).toBe(leaf);
    expect(new Set(leaves).size).toBe(leaves.length);
    if ((await storage.list('pending')).length > 0) interrupted += 1;
    size = leaves.length;
  }
  // Otherwise the moments of the kills would show nothing.
  expect(interrupted).toBeGreaterThan(ROUNDS / 10);
  const writer = await LogWriter.open({ storage, highWater: new FileHighWater(join(folder, 'high-water')), key });
  expect(writer.head.size).toBeGreaterThanOrEqual(size);
  const leaves = await verifiedLeaves(folderSource(join(folder, 'log')), key);
  for (const [index, leaf] of acknowledged) expect(leaves[index]).toBe(leaf);
  expect(await storage.list('.drafts')).toEqual([]);
}

/** What a writer said before it was killed; half of the rounds are killed soon after it opened, when it may be mending. */
async function runAndKill(folder: string, round: number): Promise<Message[]> {
  const messages: Message[] = [];
  const child: ChildProcess = fork(WRITER, [folder, String(round)], { execArgv: [], silent: true });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  child.on('message', (message) => messages.push(message as Message));
  const ended = once(child, 'exit');
  if (round % 5 !== 0) await Promise.race([once(child, 'message'), ended]);
  await pause(Math.random() * LONGEST_RUN_MS * (round % 5 === 0 ? 3 : 1));
  child.kill('SIGKILL');
  const [code] = await ended;
  // Messages that were under way when it died have arrived before the channel's end.
  if (child.connected) await once(child, 'disconnect');
  expect(code, Buffer.concat(errors).toString()).toBeNull();
  return messages;
}
