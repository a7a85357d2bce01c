import { Reader, readRecordsBatches } from '@platformatic/kafka';
import { decodeHeaders, encodeHeaders } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBatches } from '../pull/record-batch-reader.js';
import { bodyBytes, encodeBatch, type WireRecord } from './record-batch.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const headers = fc.oneof(
  fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 40 }), { maxKeys: 15 }),
  fc.array(fc.tuple(bytes, bytes), { maxLength: 15 }).map(encodeHeaders),
);
const record: fc.Arbitrary<WireRecord> = fc.record({ key: fc.option(bytes), value: bytes, headers });
const records = fc.array(record, { minLength: 1, maxLength: 200 });
const IDENTITY = { producerId: 9_007_199_254_740_993n, epoch: 7, firstSequence: 123_456 };
const NOW = 1_790_000_000_123;

function encode(given: WireRecord[]): Buffer {
  return encodeBatch(given, given.map(bodyBytes), IDENTITY, NOW);
}

function pairs(of: WireRecord['headers']): [string, string][] {
  const entries = Buffer.isBuffer(of)
    ? decodeHeaders(of)
    : Object.entries(of).map(([k, v]) => [Buffer.from(k), Buffer.from(v)]);
  return entries.map(([name, value]) => [name!.toString('hex'), value!.toString('hex')]);
}

test('what is encoded is read back, by us and by the client library', () => {
  fc.assert(
    fc.property(records, (given) => {
      const batch = encode(given);
      const read = readBatches(batch, 0n);
      expect(read.nextOffset).toBe(BigInt(given.length));
      const [theirs] = readRecordsBatches(Reader.from(batch));
      expect(theirs).toMatchObject({ producerId: IDENTITY.producerId, producerEpoch: 7, firstSequence: 123_456 });
      given.forEach((expected, index) => {
        const ours = read.records[index]!;
        expect(ours.offset).toBe(BigInt(index));
        expect(ours.timestamp).toBe(BigInt(NOW));
        expect(ours.key).toEqual(expected.key);
        expect(ours.value).toEqual(expected.value);
        expect(ours.headers.map(([n, v]) => [n.toString('hex'), v.toString('hex')])).toEqual(pairs(expected.headers));
        const library = theirs!.records[index]!;
        expect(library.key).toEqual(expected.key);
        expect(library.value).toEqual(expected.value);
        expect(library.headers.map(([n, v]) => [n!.toString('hex'), v!.toString('hex')])).toEqual(
          pairs(expected.headers),
        );
      });
    }),
    { numRuns: 100 },
  );
});

test('a batch cut off at its end gives nothing, and what precedes it is read', () => {
  const first = encode([{ key: null, value: Buffer.from('a'), headers: {} }]);
  const second = encode([{ key: null, value: Buffer.from('b'), headers: {} }]);
  second.writeBigInt64BE(1n, 0);
  for (let length = 0; length < second.length; length++) {
    const { records: read, nextOffset } = readBatches(Buffer.concat([first, second.subarray(0, length)]), 0n);
    expect(read.map((one) => one.value.toString())).toEqual(['a']);
    expect(nextOffset).toBe(1n);
  }
});

test('records below the offset asked for are left out of a batch that begins earlier', () => {
  const batch = encode(['a', 'b', 'c'].map((text) => ({ key: null, value: Buffer.from(text), headers: {} })));
  batch.writeBigInt64BE(100n, 0);
  const { records: read, nextOffset } = readBatches(batch, 101n);
  expect(read.map((one) => [one.offset, one.value.toString()])).toEqual([
    [101n, 'b'],
    [102n, 'c'],
  ]);
  expect(nextOffset).toBe(103n);
});

test('one header is found by its name, the last of several', () => {
  const name = Buffer.from('ce_type');
  const [read] = readBatches(
    encode([
      {
        key: null,
        value: Buffer.alloc(0),
        headers: encodeHeaders([
          [Buffer.from('ce_typo'), Buffer.from('0')],
          [Buffer.from('ce_type'), Buffer.from('1')],
          [Buffer.from('ce_type'), Buffer.from('2')],
          [Buffer.from('x'), Buffer.from('3')],
        ]),
      },
    ]),
    0n,
  ).records;
  expect(read?.header(name)?.toString()).toBe('2');
  expect(read?.header(Buffer.from('absent'))).toBeUndefined();
});

test('the body of a record is what lies in the topic from its key on', () => {
  const [first, second] = readBatches(
    encode([
      { key: Buffer.from('k'), value: Buffer.alloc(200, 'v'), headers: { ce_id: '1' } },
      { key: null, value: Buffer.alloc(0), headers: {} },
    ]),
    0n,
  ).records;
  // Lengths are zigzag varints: 1 is 02, 200 is 9003, -1 is 01.
  expect(first!.body.toString('hex')).toBe(`026b${'9003'}${'76'.repeat(200)}02${'0a63655f6964'}0231`);
  expect(second!.body.toString('hex')).toBe('010000');
});
