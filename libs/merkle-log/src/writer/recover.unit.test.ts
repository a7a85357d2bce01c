import { describe, expect, it } from 'vitest';
import { LogWriter, NoteKey } from '../index.js';
import { verifiedLeaves } from '../testing/check-log.js';
import { testKey } from '../testing/golden-log.js';
import { leavesOf, MemoryLog, type Step } from '../testing/memory-log.js';

/** Batches that fill tiles, cross their border, stay inside one and end on it. */
const BATCHES = [200, 56, 1, 600, 167, 3];

class PowerCut extends Error {}

/** Cuts the power at a step: before it is carried out, or right after. Nothing happens from then on. */
function cutAt(cut: number, when: 'before' | 'after'): Step {
  let step = 0;
  return async (_name, act) => {
    step += 1;
    if (step < cut || (step === cut && when === 'after')) act();
    if (step >= cut) throw new PowerCut();
  };
}

async function countSteps(): Promise<number> {
  let steps = 0;
  const writer = await LogWriter.open(
    new MemoryLog().parts(async (_name, act) => {
      steps += 1;
      act();
    }),
  );
  for (const [at, count] of BATCHES.entries()) await writer.append(leavesOf(`${at}`, count));
  return steps;
}

describe('after a failure at any step', () => {
  it.each(['before', 'after'] as const)(
    '%s it: the log is true as it lies, and goes on with every acknowledged leaf once',
    async (when) => {
      const steps = await countSteps();
      expect(steps).toBeGreaterThan(50);
      for (let cut = 1; cut <= steps; cut++) {
        const log = new MemoryLog();
        const acknowledged: string[] = [];
        await writeUntilCut(log, cutAt(cut, when), acknowledged);
        if (log.files.has('checkpoint')) {
          const asItLies = await verifiedLeaves(log.source, log.key);
          expect(asItLies.slice(0, acknowledged.length)).toEqual(acknowledged);
        }
        const writer = await LogWriter.open(log.parts());
        const survived = await verifiedLeaves(log.source, log.key);
        expect(survived.slice(0, acknowledged.length)).toEqual(acknowledged);
        expect(writer.head.size).toBe(survived.length);
        await writer.append(leavesOf('after', 300));
        const all = await verifiedLeaves(log.source, log.key);
        expect(all.slice(0, survived.length)).toEqual(survived);
        expect(new Set(all).size).toBe(survived.length + 300);
        const pending = [...log.files.keys()].filter((path) => path.startsWith('pending/'));
        expect(pending.length).toBeLessThanOrEqual(1); // one that was written before the power was cut may wait for the next opening
      }
    },
  );

  it('also when opening again fails, at any step', async () => {
    for (let cut = 1; ; cut++) {
      const log = new MemoryLog();
      const acknowledged: string[] = [];
      // Right after the record has moved: all of the batch is still to be done.
      await writeUntilCut(log, cutAtSave(4), acknowledged);
      let opened = true;
      await LogWriter.open(log.parts(cutAt(cut, 'before'))).catch(() => {
        opened = false;
      });
      await LogWriter.open(log.parts());
      const leaves = await verifiedLeaves(log.source, log.key);
      expect(leaves).toHaveLength(257);
      if (opened) break;
    }
  });

  it('a writer that failed refuses to go on, and says why', async () => {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    await writer.append(leavesOf('a', 10));
    const failing = await LogWriter.open(
      log.parts(async () => {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }),
    );
    const failed = failing.append(leavesOf('b', 10));
    const queued = failing.append(leavesOf('c', 10));
    await expect(failed).rejects.toMatchObject({ code: 'append-failed', retryable: true, cause: { code: 'ENOSPC' } });
    await expect(queued).rejects.toMatchObject({ code: 'writer-stopped', retryable: true });
    expect(await verifiedLeaves(log.source, log.key)).toHaveLength(10);
  });
});

describe('a log that is not as it was left', () => {
  async function logOf(counts: number[]): Promise<MemoryLog> {
    const log = new MemoryLog();
    const writer = await LogWriter.open(log.parts());
    for (const [at, count] of counts.entries()) await writer.append(leavesOf(`${at}`, count));
    return log;
  }

  it('is refused when an old backup was put back', async () => {
    const log = await logOf([300]);
    const backup = new Map(log.files);
    await (await LogWriter.open(log.parts())).append(leavesOf('later', 20));
    log.files = backup;
    const before = new Map(log.files);
    await expect(LogWriter.open(log.parts())).rejects.toMatchObject({
      code: 'log-older-than-known',
      message: expect.stringContaining('Restore the newest copy'),
    });
    expect(log.files).toEqual(before);
  });

  it('is refused when an old checkpoint was put over whole tiles only if these do not give the recorded root', async () => {
    const log = await logOf([300]);
    const old = log.files.get('checkpoint') as Buffer;
    await (await LogWriter.open(log.parts())).append(leavesOf('later', 20));
    log.files.set('checkpoint', old);
    expect((await LogWriter.open(log.parts())).head.size).toBe(320);
    log.files.set('checkpoint', old);
    log.files.delete('tile/0/001.p/64');
    await expect(LogWriter.open(log.parts())).rejects.toMatchObject({ code: 'log-older-than-known' });
  });

  it('is refused when the folder is empty or another one', async () => {
    const log = await logOf([300]);
    log.files = new Map();
    await expect(LogWriter.open(log.parts())).rejects.toMatchObject({ code: 'log-older-than-known' });
    expect(log.files.size).toBe(0);
  });

  it('is refused when it holds another history of the same size, or of a larger one', async () => {
    const log = await logOf([300]);
    for (const counts of [[300], [310], [200, 400]]) {
      const other = new MemoryLog();
      const parts = { ...other.parts(), key: log.key };
      const writer = await LogWriter.open(parts);
      for (const count of counts) await writer.append(leavesOf('other', count));
      other.known = log.known;
      await expect(LogWriter.open(parts)).rejects.toMatchObject({ code: 'log-forked' });
    }
  });

  it('is taken as it is when the record is the older one, and brings the record forward', async () => {
    const log = await logOf([300]);
    const older = log.known;
    await (await LogWriter.open(log.parts())).append(leavesOf('later', 20));
    const newest = log.known;
    for (const record of [older, undefined]) {
      log.known = record;
      expect((await LogWriter.open(log.parts())).head.size).toBe(320);
      expect(log.known).toEqual(newest);
    }
  });

  it('is refused when a tile or bundle of the right edge is missing or altered', async () => {
    for (const path of ['tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/001.p/44']) {
      const log = await logOf([300]);
      const bytes = Buffer.from(log.files.get(path) as Buffer);
      log.files.delete(path);
      await expect(LogWriter.open(log.parts()), path).rejects.toMatchObject({ code: 'log-damaged' });
      bytes[5] = (bytes[5] as number) ^ 1;
      log.files.set(path, bytes);
      await expect(LogWriter.open(log.parts()), path).rejects.toMatchObject({ code: 'log-damaged' });
    }
  });

  it('is refused when another key or another log is configured', async () => {
    const log = await logOf([300]);
    for (const key of [new NoteKey(log.key.name, testKey(8)), new NoteKey('log.example/other', testKey(8))]) {
      await expect(LogWriter.open({ ...log.parts(), key })).rejects.toMatchObject({ code: 'checkpoint-untrusted' });
    }
    log.files.set('checkpoint', Buffer.from('nothing of the kind'));
    await expect(LogWriter.open(log.parts())).rejects.toMatchObject({ code: 'note-malformed' });
  });
});

async function writeUntilCut(log: MemoryLog, step: Step, acknowledged: string[]): Promise<void> {
  try {
    const writer = await LogWriter.open(log.parts(step));
    for (const [at, count] of BATCHES.entries()) {
      const leaves = leavesOf(`${at}`, count);
      await writer.append(leaves);
      acknowledged.push(...leaves.map((leaf) => leaf.toString()));
    }
  } catch (error) {
    const cut = error instanceof PowerCut || (error as Error).cause instanceof PowerCut;
    if (!cut) throw error;
  }
}

function cutAtSave(cut: number): Step {
  let saves = 0;
  return async (name, act) => {
    if (saves >= cut) throw new PowerCut();
    act();
    if (name === 'save') saves += 1;
    if (saves >= cut) throw new PowerCut();
  };
}
