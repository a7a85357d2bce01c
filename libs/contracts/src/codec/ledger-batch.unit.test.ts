import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PURPOSE_CODES } from '../catalogue/purposes.js';
import { decodeLedgerBatch, encodeLedgerBatch, type LedgerBatch, OUTCOMES } from './ledger-batch.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

function batchOf(seed: number, size: number): LedgerBatch {
  return {
    partition: seed % 6,
    sequence: 2 ** 33 + seed,
    epoch: seed + 1,
    decidedAt: 1_790_000_000_000 + seed,
    catalogueVersion: 1,
    registryOffset: 9_007_199_254_740_993n,
    consentOffset: 2n,
    vettingOffset: 3n,
    previous: digest('p'),
    sources: Array.from({ length: size }, (_, i) => ({
      topic: 0,
      kind: 2,
      offset: BigInt(i),
      eventId: randomUUID(),
      subject: randomUUID(),
      version: i,
      attributes: 0xffff_ffff,
      time: 1_790_000_000_000 + i,
      actor: i % 2 ? 'person:林' : 'agency:x',
      ...(seed % 2 && i % 3 === 0 && { replay: randomUUID() }),
    })),
    decisions: Array.from({ length: size }, (_, i) => ({
      source: i,
      agency: 'harbour-bank',
      outcome: OUTCOMES[i % OUTCOMES.length]!,
      grant: randomUUID(),
      grantVersion: i,
      attributes: 5,
      purpose: i % 5 === 0 ? null : PURPOSE_CODES[i % PURPOSE_CODES.length]!,
      basis: i % 5 === 0 ? null : ('consent' as const),
    })),
    blocks: [
      { agency: 'harbour-bank', first: 2 ** 34, count: size, keyEpoch: 2, digest: digest('d'), previous: digest('q') },
    ],
  };
}

test('a ledger batch survives encoding', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(40), (seed, size) => {
      const batch = batchOf(seed, size);
      expect(decodeLedgerBatch(encodeLedgerBatch(batch))).toEqual(batch);
    }),
  );
});

test('equal batches have equal bytes, so that a repeated dispatch repeats the record', () => {
  const batch = batchOf(7, 12);
  const bytes = encodeLedgerBatch(batch);
  expect(encodeLedgerBatch(decodeLedgerBatch(bytes)).equals(bytes)).toBe(true);
});

test('what is new is written in format 1 still, a replay in format 2', () => {
  const batch = batchOf(8, 3);
  expect(encodeLedgerBatch(batch)[0]).toBe(1);
  batch.sources[1]!.replay = randomUUID();
  const bytes = encodeLedgerBatch(batch);
  expect(bytes[0]).toBe(2);
  expect(decodeLedgerBatch(bytes)).toEqual(batch);
});

test('a batch that was written before there were replays is still read', () => {
  const golden = Buffer.from(readFileSync(new URL('ledger-batch.format-1.hex', import.meta.url), 'utf8').trim(), 'hex');
  const batch = decodeLedgerBatch(golden);
  expect(encodeLedgerBatch(batch).equals(golden)).toBe(true);
  expect(batch.sources).toEqual([
    {
      topic: 0,
      kind: 2,
      offset: 7n,
      eventId: '0190a000-0000-7000-8000-00000000e001',
      subject: '0190a000-0000-7000-8000-000000000101',
      version: 4,
      attributes: 5,
      time: 1_790_000_000_001,
      actor: 'person:0190a000-0000-7000-8000-000000000101',
    },
  ]);
  expect(batch.decisions.map(({ agency, outcome }) => [agency, outcome])).toEqual([['harbour-bank', 'delivered']]);
});

test('foreign bytes are refused', () => {
  expect(() => decodeLedgerBatch(Buffer.alloc(200))).toThrow(RangeError);
});
