import { createHash, randomUUID } from 'node:crypto';
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

test('foreign bytes are refused', () => {
  expect(() => decodeLedgerBatch(Buffer.alloc(200))).toThrow(RangeError);
});
