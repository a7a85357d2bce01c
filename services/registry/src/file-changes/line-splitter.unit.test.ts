import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter, MAX_LINE_BYTES, type RawLine } from './line-splitter.js';

/** All lines of a stream, copied, since they are views of its chunks. */
function split(chunks: Buffer[]): (string | 'too-long')[] {
  const splitter = new LineSplitter();
  const lines: string[] = [];
  const keep = (line: RawLine) => lines.push(line === 'too-long' ? line : line.toString());
  for (const chunk of chunks) for (const line of splitter.push(chunk)) keep(line);
  const last = splitter.end();
  if (last !== undefined) keep(last);
  return lines;
}

/** The same bytes in pieces. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
}

test('lines are the same however the stream was cut into chunks', () => {
  const lines = fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }).filter((line) => !line.includes('\n')));
  fc.assert(
    fc.property(lines, fc.array(fc.nat()), fc.boolean(), (texts, places, terminated) => {
      const stream = texts.join('\n') + (terminated && texts.length > 0 ? '\n' : '');
      const expected = stream === '' ? [] : stream.split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(split(cut(Buffer.from(stream), places))).toEqual(expected);
    }),
  );
});

test('a line too long is marked, and the ones around it are whole', () => {
  const long = Buffer.alloc(MAX_LINE_BYTES + 1, 'x');
  const most = Buffer.alloc(MAX_LINE_BYTES, 'y');
  const stream = Buffer.concat([Buffer.from('a\n'), long, Buffer.from('\nb\n'), most, Buffer.from('\nc')]);
  for (const size of [stream.length, 65_536, 1_000]) {
    const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    );
    expect(split(chunks)).toEqual(['a', 'too-long', 'b', most.toString(), 'c']);
  }
});

test('of a line without an end no more is kept than its size', () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(65_536, 'x');
  for (let i = 0; i < 1_000; i++) expect(splitter.push(chunk)).toEqual([]);
  expect(splitter.end()).toBe('too-long');
});
