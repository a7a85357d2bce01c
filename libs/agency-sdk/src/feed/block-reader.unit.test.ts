import { generateKeyPairSync } from 'node:crypto';
import { FEED_HEADER } from '@sluice/contracts';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BlockRecord, blockRecord, type FeedKeys, laneOfBlocks, newFeedKeys } from '../testing/lane-blocks.js';
import { generateAgencyKeys } from './agency-keys.js';
import { BlockReader } from './block-reader.js';
import { type FeedRecord, NO_PREVIOUS_BLOCK } from './block-record.js';
import { GapFound } from './gap.js';
import type { LanePosition } from './position.js';

const LANE = 4;
let feed: FeedKeys;
let reader: BlockReader;
beforeAll(async () => {
  feed = await newFeedKeys('bank-a');
  reader = new BlockReader({ agency: 'bank-a', privateKey: feed.keys.privateJwk });
});

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });

/** Hands records to the reader one by one, as a client does, and collects the sequences it gets. */
async function readAll(
  records: FeedRecord[],
  from?: LanePosition,
): Promise<{ sequences: number[]; last?: LanePosition }> {
  const sequences: number[] = [];
  let last = from;
  for (const record of records) {
    for (const delivery of await reader.read(LANE, record, last)) {
      sequences.push(Number(delivery.event.sequence));
      last = delivery.position;
    }
  }
  return { sequences, ...(last && { last }) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const total = (counts: number[]): number => counts.reduce((a, b) => a + b, 0);

describe('BlockReader', () => {
  it('opens what the vault seals, and gives each event the position to store with its effect', async () => {
    const [first, second] = laneOfBlocks(feed, LANE, [2, 1]);
    const deliveries = await reader.read(LANE, first!, undefined);
    expect(deliveries.map(({ position }) => position)).toEqual([
      { lane: LANE, sequence: 1, digest: first!.digest, offset: '0' },
      { lane: LANE, sequence: 2, digest: first!.digest, offset: '0' },
    ]);
    const [third] = await reader.read(LANE, second!, deliveries[1]!.position);
    expect(third!.event).toMatchObject({ type: 'sluice.feed.profile-changed.v1', sequence: '3' });
  });

  it('gives each delivery once and in order, whatever stretches are sent again', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.tuple(fc.nat(), fc.nat())), async (counts, restarts) => {
        const records = laneOfBlocks(feed, LANE, counts);
        const sent: BlockRecord[] = [];
        let next = 0;
        // A dispatcher that crashes goes back to some block already sent and goes on from there.
        for (const [back, on] of restarts) {
          const from = next - (back % (next + 1));
          next = Math.min(records.length, from + 1 + (on % records.length));
          sent.push(...records.slice(from, next));
        }
        sent.push(...records.slice(next));
        expect((await readAll(sent)).sequences).toEqual(upTo(total(counts)));
      }),
    );
  });

  it('goes on from any delivery, also from the middle of a block', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (counts, stop) => {
        const records = laneOfBlocks(feed, LANE, counts);
        const all: LanePosition[] = [];
        for (const record of records) {
          all.push(...(await reader.read(LANE, record, all.at(-1))).map(({ position }) => position));
        }
        const resume = all[stop % all.length]!;
        const rest = await readAll(records, resume);
        expect(rest.sequences).toEqual(upTo(total(counts)).slice(resume.sequence));
      }),
    );
  });

  it('finds every gap: no block can be left out, at the beginning or later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        async (counts, at) => {
          const records = laneOfBlocks(feed, LANE, counts);
          const [missing] = records.splice(at % (records.length - 1), 1);
          const before = Number(missing!.headers[FEED_HEADER.first]) - 1;
          const found = before + Number(missing!.headers[FEED_HEADER.count]) + 1;
          await expect(readAll(records)).rejects.toMatchObject({
            code: 'gap',
            lane: LANE,
            expected: before + 1,
            found,
          });
        },
      ),
    );
  });

  it('goes on behind a gap from the position the gap names', async () => {
    const records = laneOfBlocks(feed, LANE, [2, 3, 1]);
    const gap: GapFound = await reader.read(LANE, records[1]!, undefined).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect((await readAll(records.slice(1), gap.resume)).sequences).toEqual([3, 4, 5, 6]);
  });

  it('refuses a chain with a block cut out and the rest renumbered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
        fc.nat(),
        async (counts, at) => {
          const whole = laneOfBlocks(feed, LANE, counts);
          const cut = at % (counts.length - 1);
          const first = 1 + total(counts.slice(0, cut));
          const previous = whole[cut]!.digest;
          const renumbered = blockRecord(feed, { lane: LANE, first, count: counts[cut + 1]!, previous }, cut + 1);
          await expect(readAll([...whole.slice(0, cut), renumbered])).rejects.toMatchObject({ code: 'chain-broken' });
        },
      ),
    );
  });

  it('refuses a repeat of the last block with other content', async () => {
    const [first] = laneOfBlocks(feed, LANE, [2]);
    const { last } = await readAll([first!]);
    const place = { lane: LANE, first: 1, count: 2, previous: NO_PREVIOUS_BLOCK };
    const other = blockRecord(feed, place, 1, JSON.stringify([{ other: true }]));
    await expect(reader.read(LANE, other, last)).rejects.toMatchObject({ code: 'chain-broken' });
    const half = { ...last!, sequence: 1 };
    await expect(reader.read(LANE, other, half)).rejects.toMatchObject({ code: 'chain-broken' });
  });

  it('refuses any flipped bit of the value', async () => {
    const [record] = laneOfBlocks(feed, LANE, [1]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: record!.value.length * 8 - 1 }), async (bit) => {
        const value = Buffer.from(record!.value);
        value[bit >> 3]! ^= 1 << (bit & 7);
        await expect(reader.read(LANE, { ...record!, value }, undefined)).rejects.toMatchObject({
          code: 'block-broken',
        });
      }),
    );
  });

  it('refuses a block on another lane, for another agency, or with a changed count', async () => {
    const [record] = laneOfBlocks(feed, LANE, [2]);
    await expect(reader.read(LANE + 1, record!, undefined)).rejects.toMatchObject({ code: 'block-broken' });
    const other = new BlockReader({ agency: 'bank-b', privateKey: feed.keys.privateJwk });
    await expect(other.read(LANE, record!, undefined)).rejects.toMatchObject({ code: 'block-malformed' });
    const headers = { ...record!.headers, [FEED_HEADER.count]: '1' };
    await expect(reader.read(LANE, { ...record!, headers }, undefined)).rejects.toMatchObject({ code: 'block-broken' });
  });

  it('refuses missing, repeated and ill-formed headers and an absent value', async () => {
    const [record] = laneOfBlocks(feed, LANE, [1]);
    const { traceParent, contentType, ...needed } = FEED_HEADER;
    for (const name of Object.values(needed)) {
      for (const wrong of [undefined, [record!.headers[name]!, record!.headers[name]!], 'x'.repeat(3)]) {
        const headers = { ...record!.headers, [name]: wrong };
        const code = name === FEED_HEADER.key && wrong === 'xxx' ? 'content-key-locked' : 'block-malformed';
        const fresh = new BlockReader({ agency: 'bank-a', privateKey: feed.keys.privateJwk });
        await expect(fresh.read(LANE, { ...record!, headers }, undefined), name).rejects.toMatchObject({ code });
      }
    }
    for (const number of ['0', '-1', '1.5', '1e3', '01', '9007199254740993']) {
      const headers = { ...record!.headers, [FEED_HEADER.first]: number };
      await expect(reader.read(LANE, { ...record!, headers }, undefined), number).rejects.toMatchObject({
        code: 'block-malformed',
      });
    }
    await expect(reader.read(LANE, { ...record!, value: null }, undefined)).rejects.toMatchObject({
      code: 'block-malformed',
    });
  });

  it('refuses text that is not the announced events, and does not quote it in the error', async () => {
    const place = { lane: LANE, first: 7, count: 1, previous: 'ab'.repeat(32) };
    const last = { lane: LANE, sequence: 6, digest: 'ab'.repeat(32), offset: '3' };
    const event = { specversion: '1.0', type: 'x', sequence: '7', data: 'secret-value' };
    const wrong = [
      'secret-value',
      '{"secret-value":1}',
      '[]',
      JSON.stringify([event, event]),
      JSON.stringify([{ ...event, sequence: '8' }]),
      JSON.stringify([{ ...event, specversion: '0.3' }]),
      JSON.stringify([{ ...event, type: undefined }]),
      '[null]',
    ];
    for (const body of wrong) {
      const error = await reader.read(LANE, blockRecord(feed, place, 9, body), last).catch((caught) => caught);
      expect(error, body).toMatchObject({ code: 'block-malformed', retryable: false });
      expect(`${error.message} ${error.cause}`).not.toContain('secret-value');
    }
  });

  it('hands on event types it does not know', async () => {
    const body = JSON.stringify([{ specversion: '1.0', type: 'sluice.feed.of-tomorrow.v1', sequence: '1', data: {} }]);
    const record = blockRecord(feed, { lane: LANE, first: 1, count: 1, previous: NO_PREVIOUS_BLOCK }, 0, body);
    expect(await reader.read(LANE, record, undefined)).toHaveLength(1);
  });

  it('unwraps with whichever private key fits, and says when none does', async () => {
    const [record] = laneOfBlocks(feed, LANE, [1]);
    const newer = await generateAgencyKeys();
    const rotating = new BlockReader({ agency: 'bank-a', privateKey: [newer.privateJwk, feed.keys.privateJwk] });
    expect(await rotating.read(LANE, record!, undefined)).toHaveLength(1);
    const without = new BlockReader({ agency: 'bank-a', privateKey: newer.privateJwk });
    await expect(without.read(LANE, record!, undefined)).rejects.toMatchObject({ code: 'content-key-locked' });
    await expect(without.read(LANE, record!, undefined)).rejects.toMatchObject({ code: 'content-key-locked' });
  });

  it('does not accept a wrapped key under another key id', async () => {
    const [record] = laneOfBlocks(feed, LANE, [1]);
    const headers = { ...record!.headers, [FEED_HEADER.keyId]: 'bank-a.2' };
    const fresh = new BlockReader({ agency: 'bank-a', privateKey: feed.keys.privateJwk });
    await expect(fresh.read(LANE, { ...record!, headers }, undefined)).rejects.toMatchObject({
      code: 'content-key-locked',
    });
  });

  it('unwraps a content key once', async () => {
    const [first, second] = laneOfBlocks(feed, LANE, [1, 1]);
    const fresh = new BlockReader({ agency: 'bank-a', privateKey: feed.keys.privateJwk });
    const [{ position } = expect.unreachable()] = await fresh.read(LANE, first!, undefined);
    const headers = { ...second!.headers, [FEED_HEADER.key]: 'not looked at any more' };
    expect(await fresh.read(LANE, { ...second!, headers }, position)).toHaveLength(1);
  });

  it('takes only P-256 private keys', async () => {
    const refused = { code: 'private-key-unusable' };
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    for (const privateKey of [feed.keys.publicJwk, publicKey, p384, { kty: 'EC' }]) {
      expect(() => new BlockReader({ agency: 'bank-a', privateKey })).toThrow(expect.objectContaining(refused));
    }
  });
});
