import type { ClusterMetadata, ExtendedGroupProtocolSubscription } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignByPartition } from './co-partition-assigner.js';

const TOPICS = new Set(['changes', 'stops']);

function metadata(partitions: number): ClusterMetadata {
  const topics = new Map([...TOPICS].map((topic) => [topic, { partitionsCount: partitions }]));
  return { topics } as unknown as ClusterMetadata;
}

type Claims = Record<string, { owned: number[]; generation?: number }>;

function members(claims: Claims): Map<string, ExtendedGroupProtocolSubscription> {
  return new Map(
    Object.entries(claims).map(([memberId, { owned, generation = 1 }]) => [
      memberId,
      {
        memberId,
        version: 3,
        generationId: generation,
        ownedPartitions: [...TOPICS].map((topic) => ({ topic, partitions: owned })),
      },
    ]),
  );
}

function assign(claims: Claims, partitions = 6): Record<string, number[]> {
  const assigned = assignByPartition('leader', members(claims), TOPICS, metadata(partitions));
  return Object.fromEntries(
    assigned.map(({ memberId, assignments }) => {
      const [first, ...others] = [...assignments.values()].map((assignment) => assignment.partitions);
      for (const other of others) expect(other).toEqual(first);
      return [memberId, first!];
    }),
  );
}

test('newcomers share all partitions, in the order of their ids', () => {
  expect(assign({ b: { owned: [] }, a: { owned: [] } })).toEqual({ a: [0, 1, 2], b: [3, 4, 5] });
});

test('a newcomer gets nothing that a living member still owns, and that member loses just enough', () => {
  const first = assign({ a: { owned: [0, 1, 2, 3, 4, 5] }, b: { owned: [] } });
  expect(first).toEqual({ a: [0, 1, 2], b: [] });
  expect(assign({ a: { owned: first.a! }, b: { owned: [] } })).toEqual({ a: [0, 1, 2], b: [3, 4, 5] });
});

test('what a dead member owned goes to the others, who keep what they have', () => {
  expect(assign({ a: { owned: [0, 1, 2] } })).toEqual({ a: [0, 1, 2, 3, 4, 5] });
});

test('a claim of an older generation does not count', () => {
  const claims = { a: { owned: [0, 1, 2, 3, 4, 5], generation: 4 }, b: { owned: [0, 1, 2], generation: 5 } };
  expect(assign(claims)).toEqual({ a: [3, 4, 5], b: [0, 1, 2] });
});

test('with more members than partitions some stay idle', () => {
  const assigned = assign({ a: { owned: [] }, b: { owned: [] }, c: { owned: [] } }, 2);
  expect(Object.values(assigned).flat().sort()).toEqual([0, 1]);
});

test('any group settles: balanced, complete, and never a partition with two owners or taken from a living one', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const group = fc.record({
    partitions: fc.integer({ min: 1, max: 12 }),
    owners: fc.array(fc.option(fc.constantFrom(...ids)), { minLength: 12, maxLength: 12 }),
    present: fc.subarray(ids, { minLength: 1 }),
  });
  fc.assert(
    fc.property(group, ({ partitions, owners, present }) => {
      let claims: Claims = {};
      for (const id of present) {
        claims[id] = { owned: owners.flatMap((owner, p) => (owner === id && p < partitions ? [p] : [])) };
      }
      for (let round = 0; round < 2; round++) {
        const assigned = assign(claims, partitions);
        const all = Object.values(assigned).flat();
        expect(new Set(all).size).toBe(all.length);
        for (const [id, given] of Object.entries(assigned)) {
          for (const partition of given) {
            const others = Object.entries(claims).filter(([other]) => other !== id);
            expect(others.some(([, { owned }]) => owned.includes(partition))).toBe(false);
          }
        }
        claims = Object.fromEntries(Object.entries(assigned).map(([id, owned]) => [id, { owned }]));
      }
      const sizes = Object.values(claims).map(({ owned }) => owned.length);
      expect(sizes.reduce((a, b) => a + b)).toBe(partitions);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
