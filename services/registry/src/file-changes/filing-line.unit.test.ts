import { filingLine } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlain, readLine } from './filing-line.js';

const SUBJECT = '0190a000-0000-7000-8000-000000000101';
const read = (text: string) => readLine(Buffer.from(text));
const line = (part: object) => read(JSON.stringify({ subject: SUBJECT, attributes: { occupation: 'Clerk' }, ...part }));

test('a line is read by the catalogue', () => {
  expect(line({ evidence: 'case/1' })).toEqual({
    subject: SUBJECT,
    evidence: 'case/1',
    values: { occupation: '"Clerk"' },
    set: 1 << 16,
  });
});

test.each([
  ['nothing', '', 'body-not-json'],
  ['no JSON', '{"subject":', 'body-not-json'],
  ['a bare value', '42', 'validation-failed'],
  ['null', 'null', 'validation-failed'],
  ['a list', '[]', 'validation-failed'],
  ['a number beyond all bounds', '1e999999', 'validation-failed'],
  ['deep nesting', '['.repeat(100_000), 'body-not-json'],
  ['closed deep nesting', '['.repeat(50_000) + ']'.repeat(50_000), 'validation-failed'],
  ['a wrong subject', `{"subject":"x","attributes":{"occupation":"Clerk"}}`, 'validation-failed'],
  ['no attributes', `{"subject":"${SUBJECT}","attributes":{}}`, 'validation-failed'],
  ['a member too many', `{"subject":"${SUBJECT}","attributes":{"occupation":"Clerk"},"x":1}`, 'validation-failed'],
  ['a prototype', `{"subject":"${SUBJECT}","__proto__":{"attributes":{"occupation":"Clerk"}}}`, 'body-not-json'],
  ['only a prototype', `{"subject":"${SUBJECT}","attributes":{"__proto__":{"name":1}}}`, 'body-not-json'],
  [
    'a prototype among attributes',
    `{"subject":"${SUBJECT}","attributes":{"occupation":"Clerk","__proto__":{"name":"x"}}}`,
    'body-not-json',
  ],
  ['a constructor', `{"subject":"${SUBJECT}","attributes":{"constructor":{"prototype":1}}}`, 'unknown-attribute'],
  ['an unknown attribute', `{"subject":"${SUBJECT}","attributes":{"shoeSize":44}}`, 'unknown-attribute'],
  ['a number for text', `{"subject":"${SUBJECT}","attributes":{"occupation":1e400}}`, 'validation-failed'],
  [
    'text that is too long',
    `{"subject":"${SUBJECT}","attributes":{"occupation":"${'x'.repeat(81)}"}}`,
    'validation-failed',
  ],
  [
    'deep nesting for text',
    `{"subject":"${SUBJECT}","attributes":{"occupation":${'['.repeat(9_000)}${']'.repeat(9_000)}}}`,
    'validation-failed',
  ],
])('%s is refused', (_what, text, problem) => {
  expect(read(text)).toEqual({ refused: problem });
});

test('bytes that are not UTF-8 are no JSON', () => {
  const bytes = Buffer.from(`{"subject":"${SUBJECT}","attributes":{"occupation":"Cl\xffrk"}}`, 'latin1');
  expect(readLine(bytes)).toEqual({ refused: 'body-not-json' });
});

test('a line too long to keep is refused', () => {
  expect(readLine('too-long')).toEqual({ refused: 'body-too-large' });
});

test('no bytes at all make reading a line throw, or touch the prototype of objects', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json({ maxDepth: 6 }),
        fc.anything().map((x) => String(JSON.stringify(x))),
      ),
      (text) => {
        expect('refused' in read(text)).toBe(true);
      },
    ),
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('what is taken for plain, the contract takes as it is', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('', 'x'.repeat(121), 'doc 1', `${SUBJECT}\n`, SUBJECT.toUpperCase()),
  );
  const mostly = <T, U>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<U>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: seldom });
  const name = mostly(
    fc.constantFrom('occupation', 'position', 'x'.repeat(40), ''),
    fc.oneof(fc.constant('x'.repeat(41)), fc.string()).filter((text) => text !== '__proto__'),
  );
  const members = fc.record(
    {
      subject: mostly(fc.constant(SUBJECT), odd),
      attributes: mostly(fc.dictionary(name, odd, { maxKeys: 4 }), odd),
      evidence: mostly(fc.constant('case/1'), odd),
      more: odd,
    },
    { requiredKeys: ['subject', 'attributes'] },
  );
  let plain = 0;
  const agree = (given: unknown) => {
    const json: unknown = JSON.parse(JSON.stringify(given));
    if (!isPlain(json)) return;
    plain++;
    expect(filingLine.safeParse(json)).toEqual({ success: true, data: json });
  };
  fc.assert(fc.property(mostly(members, odd), agree), { numRuns: 2_000 });
  expect(plain).toBeGreaterThan(50);
});
