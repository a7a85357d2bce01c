import { randomBytes } from 'node:crypto';
import { BlockTree, commit } from '@sluice/merkle-log';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInBlock } from './verify-block.js';

describe('a delivery in a block', () => {
  it('is proven by its salt, its content and a path, and by no other', () => {
    const blocks = fc
      .integer({ min: 1, max: 300 })
      .chain((count) => fc.tuple(fc.constant(count), fc.nat({ max: count - 1 })));
    fc.assert(
      fc.property(blocks, ([count, index]) => {
        const deliveries = Array.from({ length: count }, (_, at) => ({
          salt: randomBytes(32),
          content: Buffer.from(`delivery ${at}`),
        }));
        const tree = new BlockTree(deliveries.map(({ salt, content }) => commit(salt, content)));
        const delivery = { ...deliveries[index]!, ...tree.proof(index) };
        const root = tree.root();
        expect(isInBlock(delivery, root)).toBe(true);
        expect(delivery.path.length).toBeLessThanOrEqual(9);
        expect(isInBlock({ ...delivery, content: Buffer.from('another') }, root)).toBe(false);
        expect(isInBlock({ ...delivery, salt: randomBytes(32) }, root)).toBe(false);
        expect(isInBlock({ ...delivery, index: index + 1 }, root)).toBe(false);
        expect(isInBlock(delivery, randomBytes(32))).toBe(false);
        if (count > 1) expect(isInBlock({ ...delivery, path: delivery.path.slice(1) }, root)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('of a whole block at its limit has a path of ten hashes', () => {
    const tree = new BlockTree(Array.from({ length: 1000 }, () => randomBytes(32).toString('latin1')));
    expect(tree.proof(999).path.length).toBeLessThanOrEqual(10);
  });
});
