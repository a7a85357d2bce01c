import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeLines, encodeLines } from './ndjson.js';

async function* cut(bytes: Buffer, sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const to = from + (sizes[i] ?? bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

async function* each<T>(values: T[]): AsyncGenerator<T> {
  yield* values;
}

it('NDJSON comes back as it went, wherever the network cuts it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.integer({ min: 1, max: 9 })), async (values, sizes) => {
      const bytes = Buffer.concat(await all(encodeLines(each(values))));
      expect(await all(decodeLines(cut(bytes, sizes)))).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});

it('a line cut off by the end is left out', async () => {
  expect(await all(decodeLines(cut(Buffer.from('{"line":1}\n{"line":2'), [])))).toEqual([{ line: 1 }]);
});
