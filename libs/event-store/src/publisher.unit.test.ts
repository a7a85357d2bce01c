import { expect, it } from 'vitest';
import { Publisher } from './publisher.js';
import type { Publication } from './record-encoder.js';
import type { OutgoingRecord, RecordProducer } from './record-producer.js';

function publication(stream: string, position: number, topic: string | undefined = 'events'): Publication {
  const key = Buffer.from(stream);
  const record = { topic, partition: 0, key, value: Buffer.from(String(position)), headers: {} };
  return { xid: 1, position, recordedAt: 0, key, record };
}

/** Gives one answer after the other; undefined is success. */
function producer(...answers: ((sent: OutgoingRecord[]) => Error | undefined)[]) {
  const sends: string[][] = [];
  const port: RecordProducer = {
    send: async (records) => {
      sends.push(records.map(({ value }) => String(value)));
      const error = answers[sends.length - 1]?.(records);
      if (error) throw error;
    },
    close: async () => {},
  };
  return { port, sends };
}

function refusal(refused: OutgoingRecord[], unsent: OutgoingRecord[]): Error {
  const reasons = refused.map((record) => ({ record, reason: 'too-large' }));
  return Object.assign(new Error('refused'), { name: 'PublishRefused', refused: reasons, unsent });
}

const always = () => true;

it('sends what was not stored again, without the streams that were refused', async () => {
  const { port, sends } = producer((sent) => refusal([sent[1]!], sent.slice(2)));
  const halted = new Set<string>();
  const events = [publication('a', 1), publication('b', 2), publication('b', 3), publication('c', 4)];
  expect(await new Publisher(port, () => {}).publish(events, halted, always)).toEqual({
    count: 2,
    halts: [{ stream: 'b', xid: 1, position: 2, reason: 'too-large' }],
  });
  expect(sends).toEqual([['1', '2', '3', '4'], ['4']]);
  expect(halted).toEqual(new Set(['b']));
});

it('halts a stream at the first of its events that is refused, and loses none before it', async () => {
  // One stream in two topics: the later event was refused first, while an earlier one was not stored.
  const { port, sends } = producer((sent) => refusal([sent[2]!, sent[1]!], [sent[0]!]));
  const events = [publication('a', 1, 'x'), publication('a', 2, 'y'), publication('a', 3, 'z')];
  expect(await new Publisher(port, () => {}).publish(events, new Set(), always)).toEqual({
    count: 1,
    halts: [{ stream: 'a', xid: 1, position: 2, reason: 'too-large' }],
  });
  expect(sends).toEqual([['1', '2', '3'], ['1']]);
});

it('leaves out streams that stand, and sends nothing when nothing is left', async () => {
  const { port, sends } = producer();
  const publisher = new Publisher(port, () => {});
  expect(await publisher.publish([publication('a', 1)], new Set(['a']), always)).toEqual({ count: 0, halts: [] });
  expect(sends).toEqual([]);
});

it('sends all again after an error that names nothing, and gives up once it leads no more', async () => {
  const away = new Error('away');
  const { port, sends } = producer(() => away);
  const failures: unknown[] = [];
  const publisher = new Publisher(port, (error) => failures.push(error));
  expect(await publisher.publish([publication('a', 1)], new Set(), always)).toEqual({ count: 1, halts: [] });
  expect(sends).toEqual([['1'], ['1']]);
  expect(failures).toEqual([away]);
  expect(await publisher.publish([publication('a', 2)], new Set(), () => false)).toBeUndefined();
  expect(sends).toHaveLength(2);
});
