import { NO_PREVIOUS_BLOCK } from '@sluice/vault';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { blockRecord, eventAt, type FeedKeys, laneOfBlocks, newFeedKeys } from '../testing/lane-blocks.js';
import { BlockReader } from './block-reader.js';
import type { FeedRecord } from './block-record.js';
import { type FeedHandlers, LaneFollower } from './lane-follower.js';
import type { LanePosition, PositionStore } from './position.js';
import { MemoryPositions } from './positions-in-memory.js';

const LANE = 0;
const PLAN = '018f3c5a-0000-7000-8000-0000000000aa';
const always = (): boolean => true;
let feed: FeedKeys;
let reader: BlockReader;
beforeAll(async () => {
  feed = await newFeedKeys('bank-a');
  reader = new BlockReader({ agency: 'bank-a', privateKey: feed.keys.privateJwk });
});

/** Without `onReplay` it is a test of what is new. */
type TestedHandlers = Omit<FeedHandlers, 'onReplay'> & Partial<Pick<FeedHandlers, 'onReplay'>>;

const resume = (positions: PositionStore, handlers: TestedHandlers): Promise<LaneFollower> =>
  LaneFollower.resume({ lane: LANE, reader, positions, handlers: { onReplay: () => {}, ...handlers } });

/** Follows from the block at the follower's position on, as the feed does after an assignment. */
async function followAll(follower: LaneFollower, records: FeedRecord[], goesOn = always): Promise<void> {
  for (const record of records.slice(Number(follower.position?.offset ?? 0))) {
    if (!(await follower.follow(record, goesOn))) return;
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('LaneFollower', () => {
  it('handles each delivery once and in order over any sequence of failures and restarts', async () => {
    const failures = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, failures, fc.boolean(), async (counts, stretches, sameProcess) => {
        const records = laneOfBlocks(feed, LANE, counts);
        const positions = new MemoryPositions();
        const handled: number[] = [];
        let left = 0;
        const handlers: TestedHandlers = {
          onEvent: async (event) => {
            if (--left === 0) throw new Error('handler');
            handled.push(Number(event.sequence));
          },
        };
        let follower = await resume(positions, handlers);
        for (const stretch of [...stretches, Number.POSITIVE_INFINITY]) {
          left = stretch;
          if (!sameProcess) follower = await resume(positions, handlers);
          await followAll(follower, records).catch((error) => expect(error.code).toBe('handler-failed'));
        }
        expect(handled).toEqual(upTo(counts.reduce((a, b) => a + b)));
      }),
    );
  });

  it('has effects exactly once when position and effect are stored together, wherever the process dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }), async (lives) => {
        const records = laneOfBlocks(feed, LANE, [3, 1, 4]);
        // A database row with the effects and the position, written in one step.
        let stored: { effects: number[]; position?: LanePosition } = { effects: [] };
        const positions: PositionStore = { load: async () => stored.position, save: async () => {} };
        for (const events of [...lives, Number.POSITIVE_INFINITY]) {
          let left = events;
          const follower = await resume(positions, {
            onEvent: (event, position) => {
              if (left-- === 0) throw new Error('killed');
              stored = { effects: [...stored.effects, Number(event.sequence)], position };
            },
          });
          await followAll(follower, records).catch(() => {});
        }
        expect(stored.effects).toEqual(upTo(8));
      }),
    );
  });

  it('hands what is sent once more to onReplay, never to onEvent, in its place', async () => {
    const events = [eventAt(1), { ...eventAt(2), replay: PLAN }, eventAt(3)];
    const record = blockRecord(
      feed,
      { lane: LANE, first: 1, count: 3, previous: NO_PREVIOUS_BLOCK },
      0,
      JSON.stringify(events),
    );
    const handled: string[] = [];
    const positions = new MemoryPositions();
    const follower = await resume(positions, {
      onEvent: (event) => void handled.push(event.sequence),
      onReplay: (event) => void handled.push(`${event.sequence} again by ${event.replay}`),
    });
    await follower.follow(record, always);
    expect(handled).toEqual(['1', `2 again by ${PLAN}`, '3']);
    expect(await positions.load(LANE)).toMatchObject({ sequence: 3 });
  });

  it('stops before the next delivery when told to, and keeps what it did', async () => {
    const [record] = laneOfBlocks(feed, LANE, [3]);
    const positions = new MemoryPositions();
    const handled: string[] = [];
    const follower = await resume(positions, { onEvent: (event) => void handled.push(event.sequence) });
    expect(await follower.follow(record!, () => handled.length < 2)).toBe(false);
    expect(await positions.load(LANE)).toMatchObject({ sequence: 2 });
    expect(await follower.follow(record!, always)).toBe(true);
    expect(handled).toEqual(['1', '2', '3']);
  });

  it('saves once a block, and tries again when saving failed without handling anything twice', async () => {
    const [record] = laneOfBlocks(feed, LANE, [3]);
    const saves: LanePosition[] = [];
    let failing = true;
    const positions: PositionStore = {
      load: async () => undefined,
      save: async (position) => {
        if (failing) throw new Error('disk full');
        saves.push(position);
      },
    };
    const handled: string[] = [];
    const follower = await resume(positions, { onEvent: (event) => void handled.push(event.sequence) });
    const failed = { code: 'position-store-failed', retryable: true };
    await expect(follower.follow(record!, always)).rejects.toMatchObject(failed);
    failing = false;
    expect(await follower.follow(record!, always)).toBe(true);
    expect(handled).toEqual(['1', '2', '3']);
    expect(saves.map(({ sequence }) => sequence)).toEqual([3]);
  });

  it('reports a store that does not load instead of starting from the beginning', async () => {
    const positions: PositionStore = { load: () => Promise.reject(new Error('down')), save: async () => {} };
    await expect(resume(positions, { onEvent: () => {} })).rejects.toMatchObject({ code: 'position-store-failed' });
  });

  it('halts at a gap unless told to skip it', async () => {
    const [, , third, fourth] = laneOfBlocks(feed, LANE, [2, 2, 2, 1]);
    const gap = { code: 'gap', expected: 1, found: 5 };
    for (const handlers of [{ onEvent: () => {} }, { onEvent: () => {}, onGap: () => 'stop' as const }]) {
      const follower = await resume(new MemoryPositions(), handlers);
      await expect(follower.follow(third!, always)).rejects.toMatchObject(gap);
    }
    const handled: string[] = [];
    const positions = new MemoryPositions();
    const follower = await resume(positions, {
      onEvent: (event) => void handled.push(event.sequence),
      onGap: async () => 'skip' as const,
    });
    await follower.follow(third!, always);
    await follower.follow(fourth!, always);
    expect(handled).toEqual(['5', '6', '7']);
    expect(await positions.load(LANE)).toMatchObject({ sequence: 7, offset: '3' });
  });
});
