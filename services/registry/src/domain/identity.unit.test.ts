import type { AttributeValues } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { identityIn as identityOf } from './identity.js';
import { textsOf } from './profile.js';

const identityIn = (values: AttributeValues) => identityOf(textsOf(values));

test('a passport number is unique within its country only', () => {
  const passport = { type: 'passport', number: 'A1234567', issuedBy: 'FR' };
  expect(identityIn({ identityDocument: passport })).toEqual({ kind: 'passport', value: 'FR:A1234567' });
  expect(identityIn({ identityDocument: { ...passport, issuedBy: 'KE' } })?.value).not.toBe('FR:A1234567');
});

test('a resident identity number is the same person whatever else the document says', () => {
  const number = '11010519491231002X';
  const first = identityIn({ identityDocument: { type: 'resident-id', number } });
  expect(identityIn({ identityDocument: { type: 'resident-id', number, validUntil: '2030-01-01' } })).toEqual(first);
});

test('values without a document name no identity', () => {
  expect(identityIn({ name: 'Wei' })).toBeUndefined();
});
