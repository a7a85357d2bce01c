import { CHECKPOINT_PUBLISHED, HEADER } from '@sluice/contracts';
import { uniquePrefix } from '@sluice/local-stack';
import { createRecordProducer, ensureTopics, type KafkaConnection } from '@sluice/messaging';
import { createLogger, Metrics, ReadinessChecks } from '@sluice/platform';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CheckpointFollower } from './checkpoint-follower.js';

const connection: KafkaConnection = { ...inject('kafka'), clientId: 'audit-gate-test' };
const topic = `${uniquePrefix()}audit.checkpoints`;
const producer = createRecordProducer(connection);
const logger = createLogger({ name: 'delivery', instance: 'test', level: 'silent' });
const readiness = new ReadinessChecks(logger);
const never = new AbortController().signal;
let gate: CheckpointFollower;

async function announce(size: number, value?: string): Promise<void> {
  const data = { size, root: 'cm9vdA==', checkpoint: 'a note', positions: { 'delivery.ledger/0': '7' } };
  await producer.send([
    {
      topic,
      partition: 0,
      key: Buffer.from('sluice.test/log'),
      value: Buffer.from(value ?? JSON.stringify(data)),
      headers: { [HEADER.type]: CHECKPOINT_PUBLISHED },
    },
  ]);
}

/** Announced again and again: what a busy machine reads late opens nothing any more. */
const opens = (size: number) =>
  expect
    .poll(
      async () => {
        await announce(size);
        return gate.isOpen;
      },
      { interval: 200 },
    )
    .toBe(true);
/** After two seconds, and what a busy machine reads late. */
const closes = () => expect.poll(() => gate.isOpen, { timeout: 6_000 }).toBe(false);
const told = async () => (await readiness.run()).audit!;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  await ensureTopics(connection, [{ topic, partitions: 1 }]);
  await announce(1);
  gate = new CheckpointFollower(connection, topic, new Metrics(), readiness, logger);
  gate.start();
});

afterAll(async () => {
  await gate.stop();
  await producer.close();
});

test('what was announced before it began opens nothing; the next checkpoint does', async () => {
  await pause(1_500);
  expect(gate.isOpen).toBe(false);
  expect(await told()).toEqual({ ok: false, detail: 'waits for audit: no checkpoint has arrived yet' });
  const opened = gate.whenOpen(never);
  await opens(2);
  await opened;
  expect(await told()).toMatchObject({ ok: true, detail: expect.stringContaining('the log has 2 leaves') });
});

test('it closes two seconds after the last checkpoint, and opens by itself with the next one', async () => {
  await opens(3);
  await closes();
  expect(await told()).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^waits for audit: the last .* ago$/),
  });
  await announce(4, 'no checkpoint');
  await pause(700);
  expect(gate.isOpen).toBe(false);
  const opened = gate.whenOpen(never);
  await opens(4);
  await opened;
});

test('a checkpoint of fewer leaves than the one before opens nothing', async () => {
  await opens(9);
  await closes();
  await announce(8);
  await pause(700);
  expect(gate.isOpen).toBe(false);
  await opens(9);
});

test('who waits is let go when its partition is taken away', async () => {
  await closes();
  const taken = new AbortController();
  const waiting = gate.whenOpen(taken.signal);
  taken.abort();
  await waiting;
  expect(gate.isOpen).toBe(false);
});
