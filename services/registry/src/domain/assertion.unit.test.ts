import { ATTRIBUTE_CODES, ATTRIBUTES, type AttributeCode, attributeSet } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { type Assertor, acceptAssertion, assertAttributes } from './assertion.js';

const PERSON: Assertor = { kind: 'person' };
const ALL: Assertor = { kind: 'publisher', publishes: attributeSet(ATTRIBUTE_CODES) };
const BY = { assertedBy: 'person:x', assertedAt: 1_700_000_000_000 };

test('a person asserts exactly what the catalogue lets persons assert, with assurance 1', () => {
  for (const code of ATTRIBUTE_CODES) {
    const { assertedBy, assurance } = ATTRIBUTES[code];
    const expected = assertedBy.includes('person') && assurance === 1;
    for (const evidence of [false, true]) {
      const result = assertAttributes(attributeSet([code]), PERSON, evidence);
      if (expected) expect(result).toBe(1);
      else expect(result).toMatchObject({ refused: 'may-not-assert' });
    }
  }
});

test('a publisher reaches assurance 3 with evidence and 2 without', () => {
  expect(assertAttributes(attributeSet(['mobilePhone']), ALL, false)).toBe(2);
  expect(assertAttributes(attributeSet(['maritalStatus']), ALL, false)).toBe(2);
  expect(assertAttributes(attributeSet(['name']), ALL, true)).toBe(3);
  expect(assertAttributes(attributeSet(['name', 'mobilePhone']), ALL, false)).toEqual({
    refused: 'may-not-assert',
    errors: [{ path: 'body.attributes.name', rule: 'assurance-needs-evidence' }],
  });
});

test('a publisher asserts nothing outside of its accreditation', () => {
  const phoneOnly: Assertor = { kind: 'publisher', publishes: attributeSet(['mobilePhone']) };
  expect(assertAttributes(attributeSet(['mobilePhone', 'email']), phoneOnly, true)).toEqual({
    refused: 'may-not-assert',
    errors: [{ path: 'body.attributes.email', rule: 'in-the-accreditation' }],
  });
});

test('values are kept in their normal form, with their provenance', () => {
  expect(acceptAssertion({ attributes: { occupation: '  Miller ' }, evidence: 'case/7' }, ALL, BY)).toEqual({
    values: { occupation: '"Miller"' },
    provenance: { ...BY, assurance: 3, evidence: 'case/7' },
  });
});

test('the same value has the same text, in whatever order its members came and with what white space around', () => {
  const accepted = (attributes: Record<string, unknown>) =>
    acceptAssertion({ attributes, evidence: 'case/7' }, ALL, BY);
  const one = accepted({
    homeAddress: { division: '330106', text: 'Road 1', postcode: '310000' },
    identityDocument: { type: 'passport', number: 'A1234567', issuedBy: 'FR', validUntil: '2030-01-01' },
  });
  expect(one).toHaveProperty('values.identityDocument');
  const other = accepted({
    identityDocument: { validUntil: '2030-01-01', issuedBy: 'FR', number: 'A1234567', type: 'passport' },
    homeAddress: { postcode: '310000', text: ' Road 1 ', division: '330106' },
  });
  expect(other).toEqual(one);
});

test('what a person may not assert is refused even beside what they may', () => {
  expect(acceptAssertion({ attributes: { name: 'Wei', mobilePhone: '+8613800138000' } }, PERSON, BY)).toEqual({
    refused: 'may-not-assert',
    errors: [{ path: 'body.attributes.name', rule: 'asserted-by-publisher' }],
  });
});

const SECRET = 'Tell-Nobody-7';

const wrongValues: [AttributeCode, unknown, { path: string; rule: string }[]][] = [
  ['mobilePhone', SECRET, [{ path: 'body.attributes.mobilePhone', rule: 'e164-number' }]],
  ['email', SECRET, [{ path: 'body.attributes.email', rule: 'invalid-format' }]],
  ['education', SECRET, [{ path: 'body.attributes.education', rule: 'invalid-value' }]],
  ['occupation', SECRET.repeat(9), [{ path: 'body.attributes.occupation', rule: 'too-big' }]],
  ['occupation', { [SECRET]: SECRET }, [{ path: 'body.attributes.occupation', rule: 'invalid-type' }]],
  [
    'homeAddress',
    { division: SECRET, text: 'x', [SECRET]: 1 },
    [
      { path: 'body.attributes.homeAddress.division', rule: 'gbt-2260-division' },
      { path: 'body.attributes.homeAddress', rule: 'unrecognized-keys' },
    ],
  ],
  ['taxResidency', ['CN', SECRET], [{ path: 'body.attributes.taxResidency[1]', rule: 'invalid-format' }]],
  ['identityDocument', { type: SECRET }, [{ path: 'body.attributes.identityDocument.type', rule: 'invalid-union' }]],
];

test.each(wrongValues)('what is wrong with %s is told without telling the value', (code, value, errors) => {
  const refusal = acceptAssertion({ attributes: { [code]: value } }, ALL, BY);
  expect(refusal).toEqual({ refused: 'validation-failed', errors });
  expect(JSON.stringify(refusal)).not.toContain(SECRET);
});

test('an attribute that is not in the catalogue is refused without repeating its name', () => {
  for (const name of [SECRET, 'constructor', 'toString', '__proto__', 'Name']) {
    const attributes = JSON.parse(`{"mobilePhone":"+8613800138000","${name}":1}`) as Record<string, unknown>;
    expect(acceptAssertion({ attributes }, ALL, BY)).toEqual({
      refused: 'unknown-attribute',
      errors: [{ path: 'body.attributes.*', rule: 'catalogue-attribute' }],
    });
  }
});
