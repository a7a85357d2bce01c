import { expect, test } from 'vitest';
import { MessagingError } from '../errors.js';
import { BATCH_BYTES, type Batch, PartitionQueue } from './partition-queue.js';
import { PublishRefused, SendCall } from './send-call.js';

const PRODUCER = 7n;

function record(text: string, bytes = 0) {
  return {
    topic: 't',
    partition: 0,
    key: null,
    value: Buffer.concat([Buffer.from(text), Buffer.alloc(bytes)]),
    headers: {},
  };
}

/** Gives the records to a queue as one call; the call's fate is looked at with `expect`. */
function push(queue: PartitionQueue, ...records: ReturnType<typeof record>[]): Promise<void> {
  const call = new SendCall(records);
  call.promise.catch(() => {});
  for (const one of records) queue.push(one, call);
  return call.promise;
}

function texts(batch: Batch): string[] {
  return batch.entries.map(({ record: { value } }) => value.toString());
}

const epoch = (batch: Batch) => batch.bytes.readInt16BE(51);

test('a batch without an answer goes again as the same bytes, before anything else', () => {
  const queue = new PartitionQueue('t', 0);
  push(queue, record('a'));
  const first = queue.take(PRODUCER);
  push(queue, record('b'));
  queue.unanswered(first);
  const again = queue.take(PRODUCER);
  expect(again.bytes).toBe(first.bytes);
  queue.stored(again);
  const next = queue.take(PRODUCER);
  expect([texts(next), next.firstSequence]).toEqual([['b'], 1]);
});

test('what waits goes out together, up to what a broker takes as one batch', () => {
  const queue = new PartitionQueue('t', 0);
  for (let index = 0; index < 5; index++) push(queue, record(String(index), 256 * 1024));
  const sizes: number[] = [];
  while (queue.ready) {
    const batch = queue.take(PRODUCER);
    expect(batch.bytes.length).toBeLessThanOrEqual(BATCH_BYTES);
    sizes.push(batch.entries.length);
    queue.stored(batch);
  }
  expect(sizes).toEqual([3, 2]);
});

test('a record larger than a batch goes alone', () => {
  const queue = new PartitionQueue('t', 0);
  push(queue, record('large', BATCH_BYTES), record('small'));
  expect(queue.take(PRODUCER).entries).toHaveLength(1);
});

test('of a refused batch each record goes alone, under the numbers that were not used', async () => {
  const queue = new PartitionQueue('t', 0);
  const call = push(queue, record('a'), record('bad'), record('c'));
  queue.refused(queue.take(PRODUCER), 'invalid');
  const a = queue.take(PRODUCER);
  expect([texts(a), a.firstSequence, epoch(a)]).toEqual([['a'], 0, 0]);
  queue.stored(a);
  const bad = queue.take(PRODUCER);
  expect([texts(bad), bad.firstSequence]).toEqual([['bad'], 1]);
  queue.refused(bad, 'invalid');
  const error = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PublishRefused);
  expect((error as PublishRefused).unsent.map(({ value }) => value.toString())).toEqual(['c']);
  expect(queue.ready).toBe(false);
  push(queue, record('c'));
  const c = queue.take(PRODUCER);
  expect([texts(c), c.firstSequence, epoch(c)]).toEqual([['c'], 1, 0]);
});

test('after a batch of unknown fate is given up, later ones have a new epoch: the old one cannot come after them', async () => {
  const queue = new PartitionQueue('t', 0);
  const call = push(queue, record('a'));
  queue.unanswered(queue.take(PRODUCER));
  queue.drop(new MessagingError('unreachable', 'x'));
  await expect(call).rejects.toMatchObject({ code: 'unreachable', retryable: true });
  push(queue, record('b'));
  const b = queue.take(PRODUCER);
  expect([b.firstSequence, epoch(b)]).toEqual([0, 1]);
});

test('when the broker lost the sequence, the same records go under a new epoch', () => {
  const queue = new PartitionQueue('t', 0);
  push(queue, record('a'));
  queue.stored(queue.take(PRODUCER));
  push(queue, record('b'), record('c'));
  queue.renumber(queue.take(PRODUCER), PRODUCER);
  const again = queue.take(PRODUCER);
  expect([texts(again), again.firstSequence, epoch(again)]).toEqual([['b', 'c'], 0, 1]);
  queue.stored(again);
  push(queue, record('d'));
  expect(queue.take(PRODUCER).firstSequence).toBe(2);
});
