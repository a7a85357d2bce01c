import { describe, expect, it } from 'vitest';
import { COSIGNATURE, cosign, LogReader, LogWriter, NoteKey, parseCheckpoint, parseNote } from '../index.js';
import { verifiedLeaves } from '../testing/check-log.js';
import { testKey } from '../testing/golden-log.js';
import { leavesOf, MemoryLog } from '../testing/memory-log.js';

const texts = (leaves: Buffer[]): string[] => leaves.map((leaf) => leaf.toString());
const verified = (log: MemoryLog): Promise<string[]> => verifiedLeaves(log.source, log.key);

describe('a log', () => {
  it('begins with the signed empty tree', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    expect(writer.head.size).toBe(0);
    expect(await verified(log)).toEqual([]);
  });

  it('holds all leaves in order, whatever the batches, and goes on after being opened again', async () => {
    const log = new MemoryLog();
    const all: Buffer[] = [];
    for (const [at, count] of [1, 254, 1, 1, 300, 0, 800, 5].entries()) {
      const writer = await LogWriter.open(log.parts());
      const leaves = leavesOf(`batch ${at}`, count);
      const appended = await writer.append(leaves);
      expect(appended.first).toBe(all.length);
      all.push(...leaves);
      expect(appended.size).toBe(all.length);
      expect(parseCheckpoint(parseNote(appended.checkpoint).text)).toMatchObject({
        size: all.length,
        root: appended.root,
      });
      expect(await verified(log)).toEqual(texts(all));
    }
  });

  it('carries out appends one after another', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    const appended = await Promise.all(['a', 'b', 'c'].map((name) => writer.append(leavesOf(name, 200))));
    expect(appended.map(({ first }) => first)).toEqual([0, 200, 400]);
    expect(await verified(log)).toHaveLength(600);
  });

  it('keeps no journal, and no partial file that has a full form', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    for (const count of [100, 100, 100, 211, 1, 400]) await writer.append(leavesOf(`${writer.head.size}`, count));
    const paths = [...log.files.keys()].filter((path) => !/^tile\/(0|entries)\/00[0-2]$/.test(path));
    expect(paths.sort()).toEqual([
      'checkpoint',
      'tile/0/003.p/144',
      'tile/1/000.p/1',
      'tile/1/000.p/2',
      'tile/1/000.p/3',
      'tile/entries/003.p/144',
    ]);
  });

  it('takes leaves of none to 65,535 bytes and refuses longer ones before it writes anything', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    await writer.append([Buffer.alloc(0), Buffer.alloc(65_535, 'x'), Buffer.alloc(5000, 'y')]);
    const before = new Map(log.files);
    await expect(writer.append([Buffer.alloc(1), Buffer.alloc(65_536)])).rejects.toMatchObject({
      code: 'leaf-too-large',
    });
    expect(log.files).toEqual(before);
    await writer.append([Buffer.from('next')]);
    expect((await verified(log)).map(({ length }) => length)).toEqual([0, 65_535, 5000, 4]);
  });

  it('publishes cosignatures with the checkpoint they are for, and keeps them when opened again', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    const witness = new NoteKey('witness.example/w', testKey(9), COSIGNATURE);
    const { checkpoint } = await writer.append(leavesOf('a', 3));
    const line = (note: string) => cosign(parseNote(note).text, witness, 1_780_000_000);
    expect(await writer.addCosignatures(checkpoint, line(checkpoint))).toBe(true);
    expect((await LogWriter.open(log.parts())).checkpoint).toBe(checkpoint + line(checkpoint));
    await writer.append(leavesOf('b', 3));
    expect(await writer.addCosignatures(checkpoint, line(checkpoint))).toBe(false);
    expect(await verified(log)).toHaveLength(6);
  });

  it('gives proofs from old sizes too', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    const roots = [];
    for (let at = 0; at < 12; at++) roots.push(await writer.append(leavesOf(`${at}`, 77)));
    const reader = new LogReader(log.parts().storage);
    for (const { size, root } of roots) expect((await reader.rootOf(size)).equals(root)).toBe(true);
    await expect(reader.inclusionProof(77, 77)).rejects.toMatchObject({ code: 'proof-out-of-range' });
    await expect(reader.consistencyProof(78, 77)).rejects.toMatchObject({ code: 'proof-out-of-range' });
    expect((await reader.leaf(78, 154)).toString()).toBe('1/1');
  });
});
