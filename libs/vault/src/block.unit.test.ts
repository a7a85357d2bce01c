import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlockPlace, NO_PREVIOUS_BLOCK, openBlock, sealBlock } from './block.js';
import { SealBroken } from './errors.js';

const raw = randomBytes(32);
const key = createSecretKey(raw);
const place: BlockPlace = { agency: 'bank-a', lane: 3, first: 41, count: 2, previous: NO_PREVIOUS_BLOCK };
const body = Buffer.from('[{"specversion":"1.0"}]');

describe('a feed block', () => {
  it('has the documented nonce, additional data and layout', () => {
    const value = sealBlock(key, place, body);
    const decipher = createDecipheriv('aes-256-gcm', raw, Buffer.from('000000030000000000000029', 'hex'));
    decipher.setAAD(Buffer.from(`feed.bank-a|3|41|2|${'0'.repeat(64)}`));
    decipher.setAuthTag(value.subarray(value.length - 16));
    const text = decipher.update(value.subarray(0, value.length - 16));
    decipher.final();
    expect(text).toEqual(body);
  });

  it('is the same bytes each time, so a dispatcher that crashed can send it again', () => {
    expect(sealBlock(key, place, body)).toEqual(sealBlock(key, place, body));
    expect(sealBlock(key, { ...place, first: 41n }, body)).toEqual(sealBlock(key, place, body));
  });

  it('opens only at its own place', () => {
    const places = fc.record({
      agency: fc.constantFrom('bank-a', 'bank-b'),
      lane: fc.nat({ max: 5 }),
      first: fc.bigInt({ min: 1n, max: 2n ** 63n }),
      count: fc.integer({ min: 1, max: 1000 }),
      previous: fc.constantFrom(NO_PREVIOUS_BLOCK, 'ab'.repeat(32)),
    });
    fc.assert(
      fc.property(places, places, (here, there) => {
        const value = sealBlock(key, here, body);
        expect(openBlock(key, here, value)).toEqual(body);
        fc.pre(Object.keys(here).some((name) => here[name as 'lane'] !== there[name as 'lane']));
        expect(() => openBlock(key, there, value)).toThrow(SealBroken);
      }),
    );
  });
});
