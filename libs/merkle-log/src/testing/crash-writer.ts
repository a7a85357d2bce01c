/**
 * A process that does nothing but write a log until it is killed: `node crash-writer.js FOLDER ROUND`. It says `opened`,
 * then acknowledges every batch over IPC: where it begins, and which of the round's leaves it holds.
 */
import { join } from 'node:path';
import { FileHighWater, FileTileStorage, LogWriter, NoteKey } from '../index.js';
import { CRASH_LOG, crashLeaf } from './crash-leaf.js';
import { testKey } from './golden-log.js';

const [folder, round] = process.argv.slice(2) as [string, string];
const say = process.send?.bind(process) as (message: unknown) => void;

const writer = await LogWriter.open({
  storage: new FileTileStorage(join(folder, 'log')),
  highWater: new FileHighWater(join(folder, 'high-water')),
  key: new NoteKey(CRASH_LOG, testKey(4)),
});
say({ opened: writer.head.size });
for (let next = 0; ; ) {
  const count = 1 + Math.floor(Math.random() * 400);
  const from = next;
  next += count;
  const leaves = Array.from({ length: count }, (_, at) => Buffer.from(crashLeaf(Number(round), from + at)));
  const { first } = await writer.append(leaves);
  say({ first, from, count });
}
