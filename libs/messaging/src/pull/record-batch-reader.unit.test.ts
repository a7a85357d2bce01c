import { expect, test } from 'vitest';
import { bodyBytes, encodeBatch } from '../produce/record-batch.js';
import { HeaderWalk, readBatches } from './record-batch-reader.js';

const IDENTITY = { producerId: 1n, epoch: 0, firstSequence: 0 };

function pulled(headers: Record<string, string>[]) {
  const records = headers.map((one) => ({ key: null, value: Buffer.from('value'), headers: one }));
  return readBatches(encodeBatch(records, records.map(bodyBytes), IDENTITY, 0), 0n).records;
}

test('a walk meets every header in order, of one record after the other, also where it left the one before early', () => {
  const given = [{ ce_id: '1', ce_type: '', ['x'.repeat(200)]: '文'.repeat(100) }, {}, { last: 'one' }];
  const records = pulled(given);
  const walk = new HeaderWalk();
  walk.over(records[0]!);
  walk.next();
  for (const [i, record] of records.entries()) {
    const met: [string, string][] = [];
    const bytes = walk.over(record);
    while (walk.next()) {
      const { nameAt, nameLength, valueAt, valueEnd } = walk;
      met.push([bytes.toString('utf8', nameAt, nameAt + nameLength), bytes.toString('utf8', valueAt, valueEnd)]);
    }
    expect(met).toEqual(Object.entries(given[i]!));
    expect(record.headers.map(([name, value]) => [name.toString(), value.toString()])).toEqual(met);
  }
});

test('a record that was put together by hand is no pulled one', () => {
  expect(() => new HeaderWalk().over({ headers: [] })).toThrow(TypeError);
});
