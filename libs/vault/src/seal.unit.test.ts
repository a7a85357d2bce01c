import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealBroken } from './errors.js';
import { open, seal } from './seal.js';

const key = createSecretKey(randomBytes(32));
const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));

describe('seal', () => {
  it('opens to what was sealed, for any text and additional data', () => {
    fc.assert(
      fc.property(bytes(300), bytes(60), (text, aad) => {
        expect(open(key, aad, seal(key, aad, text)).equals(text)).toBe(true);
      }),
    );
  });

  it('takes additional data as text or as its UTF-8 bytes', () => {
    expect(open(key, Buffer.from('姓名|1'), seal(key, '姓名|1', Buffer.from('x'))).toString()).toBe('x');
  });

  it('refuses when any single bit was flipped', () => {
    const sealed = seal(key, 'place', Buffer.from('a text of some length'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(key, 'place', changed), `bit ${bit}`).toThrow(SealBroken);
    }
  });

  it('refuses every truncation', () => {
    const sealed = seal(key, 'place', Buffer.from('text'));
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open(key, 'place', sealed.subarray(0, length)), `${length} bytes`).toThrow(SealBroken);
    }
  });

  it('refuses other additional data, and another key', () => {
    fc.assert(
      fc.property(bytes(40), bytes(40), (aad, other) => {
        fc.pre(!aad.equals(other));
        expect(() => open(key, other, seal(key, aad, Buffer.from('text')))).toThrow(SealBroken);
      }),
    );
    const sealed = seal(key, 'place', Buffer.from('text'));
    expect(() => open(createSecretKey(randomBytes(32)), 'place', sealed)).toThrow(SealBroken);
  });

  it('never uses an iv twice, across refills of its buffered randomness', () => {
    const ivs = new Set(
      Array.from({ length: 5000 }, () => seal(key, '', Buffer.alloc(0)).subarray(0, 12).toString('hex')),
    );
    expect(ivs.size).toBe(5000);
  });

  it('leaves an earlier sealed value alone when the randomness is refilled', () => {
    const early = seal(key, '', Buffer.from('early'));
    const copy = Buffer.from(early);
    for (let i = 0; i < 3000; i++) seal(key, '', Buffer.alloc(0));
    expect(early.equals(copy)).toBe(true);
  });
});
