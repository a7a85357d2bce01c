import { expect, test } from 'vitest';
import { parseBlockText } from './block-text.js';

const many = Array.from({ length: 500 }, (_, i) => ({
  specversion: '1.0',
  id: i,
  text: '街,{"specversion":[]}'.repeat(10),
}));

function parsed(value: unknown): unknown {
  return parseBlockText(Buffer.from(JSON.stringify(value)));
}

test('a large block says what its text says, also where a text looks like the end of a delivery', () => {
  expect(parsed(many)).toEqual(many);
});

test('deliveries that hold others like themselves are not cut apart', () => {
  const nested = many.map((one) => ({ specversion: '1.0', data: { inner: [one, one], more: [one] } }));
  expect(parsed(nested)).toEqual(nested);
});

test.each([[[]], [{}], ['x'.repeat(40_000)], [[many]], [[1]]])('other JSON is parsed as it is', (value) => {
  expect(parsed(value)).toEqual(value);
});

test('white space around a large block is no matter', () => {
  expect(parseBlockText(Buffer.from(` ${JSON.stringify(many)}\n`))).toEqual(many);
});

test('a large text that is cut off or goes on behind its end is no JSON', () => {
  const text = JSON.stringify(many);
  for (const broken of [
    text.slice(0, -1),
    `${text.slice(0, -2)}]`,
    `${text}]`,
    text.replace('"id":450,', '"id":450,,'),
  ]) {
    expect(() => parseBlockText(Buffer.from(broken))).toThrow(SyntaxError);
  }
});
