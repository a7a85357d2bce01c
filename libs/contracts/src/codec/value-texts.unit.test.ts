import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ATTRIBUTE_CODES, type AttributeCode, attributeSet, attributesIn } from '../catalogue/attributes.js';
import { ValueTexts } from './value-texts.js';

type Values = [AttributeCode, unknown][];

const values = fc.uniqueArray(fc.tuple(fc.constantFrom(...ATTRIBUTE_CODES), fc.jsonValue()), {
  selector: ([code]) => code,
});

function textOf(members: Values, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ attributes: Object.fromEntries(members), ...more }));
}

function setOf(members: Values): number {
  return attributeSet(members.map(([code]) => code));
}

function membersOf(texts: ValueTexts, set: number): string[] {
  const members: string[] = [];
  texts.each(set, (start, end) => members.push(texts.text.toString('utf8', start, end)));
  return members;
}

test('every value is found as it was written, whatever it holds and in whatever order', () => {
  fc.assert(
    fc.property(values, fc.option(fc.string()), (members, evidence) => {
      const texts = ValueTexts.of(textOf(members, evidence === null ? {} : { evidence }), setOf(members));
      const written = new Map(members.map(([code, value]) => [code, `"${code}":${JSON.stringify(value)}`]));
      const expected = attributesIn(setOf(members)).map((code) => written.get(code));
      expect(membersOf(texts, setOf(members))).toEqual(expected);
    }),
  );
});

test('quotes, brackets and commas within a text end nothing', () => {
  const members: Values = [
    ['homeAddress', { division: '330106', text: '"},"mobilePhone":"+86",\\' }],
    ['mobilePhone', '\\"]}'],
  ];
  const texts = ValueTexts.of(textOf(members), setOf(members));
  expect(JSON.parse(`{${membersOf(texts, setOf(members)).join(',')}}`)).toEqual(Object.fromEntries(members));
});

test('a part of the values is handed out without the others', () => {
  const members: Values = [
    ['homeAddress', 1],
    ['mobilePhone', 2],
    ['employer', 3],
  ];
  const texts = ValueTexts.of(textOf(members), setOf(members));
  expect(membersOf(texts, attributeSet(['employer']))).toEqual(['"employer":3']);
  expect(() => membersOf(texts, attributeSet(['occupation']))).toThrow(SyntaxError);
});

test('a text that is cut off anywhere is refused', () => {
  const members: Values = [
    ['mobilePhone', '+8613800000000'],
    ['homeAddress', { division: '330106', text: 'x' }],
  ];
  const whole = textOf(members);
  for (let end = 0; end < whole.length; end++) {
    expect(() => ValueTexts.of(whole.subarray(0, end), setOf(members))).toThrow(SyntaxError);
  }
});

test.each([
  ['a value more than the head says', '{"attributes":{"mobilePhone":1,"employer":2}}'],
  ['a value less', '{"attributes":{}}'],
  ['a value twice', '{"attributes":{"mobilePhone":1,"mobilePhone":2}}'],
  ['a value that is no attribute', '{"attributes":{"mobilePhones":1}}'],
  ['no value after the code', '{"attributes":{"mobilePhone":}}'],
  ['a comma after the last', '{"attributes":{"mobilePhone":1,}}'],
  ['white space', '{"attributes":{ "mobilePhone":1}}'],
  ['another first member', '{"evidence":"x","attributes":{"mobilePhone":1}}'],
  ['more after its end', '{"attributes":{"mobilePhone":1}}}'],
  ['values in a list', '{"attributes":["mobilePhone"]}'],
])('%s is refused, and the error does not quote it', (_, text) => {
  let error: unknown;
  try {
    ValueTexts.of(Buffer.from(text), attributeSet(['mobilePhone']));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SyntaxError);
  expect(String(error)).not.toMatch(/mobilePhone|"/);
});
