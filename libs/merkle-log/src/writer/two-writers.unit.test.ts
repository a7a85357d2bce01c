import { describe, expect, it } from 'vitest';
import { LogWriter } from '../index.js';
import { verifiedLeaves } from '../testing/check-log.js';
import { leavesOf, MemoryLog, type Step } from '../testing/memory-log.js';

/** A writer that stands still before a step until it is let go. */
function pauseBefore(wanted: RegExp): { step: Step; reached: Promise<void>; letGo: () => void } {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const step: Step = async (name, act) => {
    if (wanted.test(name)) {
      arrived.resolve();
      await gate.promise;
    }
    act();
  };
  return { step, reached: arrived.promise, letGo: gate.resolve };
}

async function begun(): Promise<MemoryLog> {
  const log = new MemoryLog();
  await (await LogWriter.open(log.parts())).append(leavesOf('begun', 100));
  return log;
}

const verified = (log: MemoryLog): Promise<string[]> => verifiedLeaves(log.source, log.key);

describe('of two writers', () => {
  it('the one that fell behind is stopped, and nothing of its batch is in the log', async () => {
    const log = await begun();
    const [one, other] = [await LogWriter.open(log.parts()), await LogWriter.open(log.parts())];
    await one.append(leavesOf('one', 200));
    await expect(other.append(leavesOf('other', 300))).rejects.toMatchObject({ code: 'log-moved', retryable: true });
    expect(await verified(log)).toEqual(texts('begun', 100, 'one', 200));
    await expect(other.append(leavesOf('other', 1))).rejects.toMatchObject({ code: 'writer-stopped' });
  });

  it('one that was paused before the record moved changes nothing', async () => {
    const log = await begun();
    const pause = pauseBefore(/^save/);
    const paused = (await LogWriter.open(log.parts(pause.step))).append(leavesOf('paused', 400));
    await pause.reached;
    const other = await LogWriter.open(log.parts());
    await other.append(leavesOf('other', 500));
    pause.letGo();
    await expect(paused).rejects.toMatchObject({ code: 'log-moved' });
    expect(await verified(log)).toEqual(texts('begun', 100, 'other', 500));
  });

  it('one that was paused before the record moved can still win, also after the other was opened', async () => {
    const log = await begun();
    const pause = pauseBefore(/^save/);
    const paused = (await LogWriter.open(log.parts(pause.step))).append(leavesOf('paused', 400));
    await pause.reached;
    const other = await LogWriter.open(log.parts());
    pause.letGo();
    await paused;
    await expect(other.append(leavesOf('other', 5))).rejects.toMatchObject({ code: 'log-moved' });
    expect(await verified(log)).toEqual(texts('begun', 100, 'paused', 400));
  });

  it.each([/^write tile\/0\/000$/, /^write tile\/entries\/001\.p/])(
    'one that was paused while writing tiles (%s) finds its batch finished by the other',
    async (place) => {
      const log = await begun();
      const pause = pauseBefore(place);
      const paused = (await LogWriter.open(log.parts(pause.step))).append(leavesOf('paused', 400));
      await pause.reached;
      const other = await LogWriter.open(log.parts());
      await other.append(leavesOf('other', 500));
      const before = await verified(log);
      pause.letGo();
      await expect(paused).rejects.toMatchObject({ code: 'log-moved' });
      expect(await verified(log)).toEqual(before);
      expect(before).toEqual(texts('begun', 100, 'paused', 400, 'other', 500));
    },
  );

  it('one that was paused right before publishing puts an older true checkpoint up, which the next one mends', async () => {
    const log = await begun();
    const pause = pauseBefore(/^write checkpoint/);
    const paused = (await LogWriter.open(log.parts(pause.step))).append(leavesOf('paused', 400));
    await pause.reached;
    const other = await LogWriter.open(log.parts());
    await other.append(leavesOf('other', 500));
    pause.letGo();
    await paused;
    expect(await verified(log)).toEqual(texts('begun', 100, 'paused', 400));
    await expect(other.append(leavesOf('more', 1))).rejects.toMatchObject({ code: 'log-moved' });
    await LogWriter.open(log.parts());
    expect((await verified(log)).slice(0, 1000)).toEqual(texts('begun', 100, 'paused', 400, 'other', 500));
  });
});

function texts(...batches: (string | number)[]): string[] {
  const leaves: string[] = [];
  for (let at = 0; at < batches.length; at += 2) {
    leaves.push(...leavesOf(batches[at] as string, batches[at + 1] as number).map((leaf) => leaf.toString()));
  }
  return leaves;
}
