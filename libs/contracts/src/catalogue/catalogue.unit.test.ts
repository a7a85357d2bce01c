import { expect, test } from 'vitest';
import { ATTRIBUTE_CODES, ATTRIBUTES, attributeSet, attributesIn } from './attributes.js';
import { isRealDate, isResidentIdentityNumber, isUnifiedSocialCreditCode } from './identifiers.js';
import { PURPOSE_CODES, PURPOSES } from './purposes.js';

test('every attribute has a bit of its own below 32', () => {
  const bits = ATTRIBUTE_CODES.map((code) => ATTRIBUTES[code].bit);
  expect(new Set(bits).size).toBe(bits.length);
  expect(Math.max(...bits)).toBeLessThan(32);
});

test('every purpose has a number of its own', () => {
  expect(new Set(PURPOSE_CODES.map((code) => PURPOSES[code].number)).size).toBe(PURPOSE_CODES.length);
});

test('attribute sets go both ways', () => {
  for (const code of ATTRIBUTE_CODES) expect(attributesIn(attributeSet([code]))).toEqual([code]);
  expect(attributesIn(attributeSet(ATTRIBUTE_CODES)).sort()).toEqual([...ATTRIBUTE_CODES].sort());
});

test('resident identity numbers are checked by GB 11643', () => {
  expect(isResidentIdentityNumber('11010519491231002X')).toBe(true);
  expect(isResidentIdentityNumber('440524188001010014')).toBe(true);
  expect(isResidentIdentityNumber('110105194912310021')).toBe(false);
  expect(isResidentIdentityNumber('11010519490231002X')).toBe(false);
});

test('unified social credit codes are checked by GB 32100', () => {
  expect(isUnifiedSocialCreditCode('91350100M000100Y43')).toBe(true);
  expect(isUnifiedSocialCreditCode('91350100M000100Y44')).toBe(false);
  expect(isUnifiedSocialCreditCode('91350100I000100Y43')).toBe(false);
});

test('a date has to exist', () => {
  expect(isRealDate('2024-02-29')).toBe(true);
  expect(isRealDate('2025-02-29')).toBe(false);
  expect(isRealDate('2025-2-9')).toBe(false);
});
