import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeyProvider } from './key-provider.js';
import { PairwiseIds } from './pairwise-ids.js';

const providerWith = (secret: KeyObject): KeyProvider => ({
  secret: async () => secret,
  wrap: async (key) => key,
  unwrap: async (key) => key,
});

let ids: PairwiseIds;
beforeAll(async () => {
  ids = await PairwiseIds.create(providerWith(createSecretKey(Buffer.alloc(32, 1))));
});

describe('pairwise ids', () => {
  it('are a permutation per agency: every subject comes back, and none meets another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 2 }), fc.string({ minLength: 1 }), (subjects, agency) => {
        const names = subjects.map((subject) => ids.toPairwise(agency, subject));
        expect(names.map((name) => ids.toSubject(agency, name))).toEqual(subjects);
        expect(new Set(names).size).toBe(subjects.length);
      }),
    );
  });

  it('also permute backwards: any uuid names some subject', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(ids.toPairwise('bank-a', ids.toSubject('bank-a', uuid))).toBe(uuid);
      }),
    );
  });

  it('of two agencies share nothing: not the ids, and not a relation between them', () => {
    const bitsThatAgree = (a: string, b: string): number => {
      const x = BigInt(`0x${a.replaceAll('-', '')}`) ^ BigInt(`0x${b.replaceAll('-', '')}`);
      return 128 - [...x.toString(2)].filter((bit) => bit === '1').length;
    };
    const subjects = Array.from({ length: 500 }, () => randomUUID());
    const inA = subjects.map((subject) => ids.toPairwise('bank-a', subject));
    const inB = subjects.map((subject) => ids.toPairwise('bank-b', subject));
    expect(new Set([...subjects, ...inA, ...inB]).size).toBe(1500);
    // Same subject in two agencies looks like two strangers: about 64 of 128 bits agree (6 sigma of the mean of 500).
    const agreeing = inA.map((name, i) => bitsThatAgree(name, inB[i]!)).reduce((a, b) => a + b) / 500;
    expect(Math.abs(agreeing - 64)).toBeLessThan(6 * Math.sqrt(32 / 500));
  });

  it('depend on the secret', async () => {
    const others = await PairwiseIds.create(providerWith(createSecretKey(Buffer.alloc(32, 2))));
    const subject = randomUUID();
    expect(others.toPairwise('bank-a', subject)).not.toBe(ids.toPairwise('bank-a', subject));
  });

  it('are AES-256 of the 16 bytes: changing that would rename every subject at every agency', () => {
    expect(ids.toPairwise('bank-a', '018f3c5a-0000-7000-8000-000000000001')).toMatchInlineSnapshot(
      `"7c2136ef-c5cf-0603-4a54-1e4d72017b46"`,
    );
  });

  it('refuse what is not a uuid', () => {
    expect(() => ids.toPairwise('bank-a', 'not-a-uuid')).toThrow(TypeError);
    expect(() => ids.toSubject('bank-a', '018f3c5a00007000800000000000000001')).toThrow(TypeError);
  });
});
