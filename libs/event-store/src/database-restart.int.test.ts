import {
  freeInfrastructurePorts,
  type Infrastructure,
  startInfrastructure,
  temporaryDataDir,
} from '@sluice/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventStoreError } from './errors.js';
import { EventStore } from './event-store.js';
import { count, LogDatabase, streams } from './testing/log-database.js';
import { RecordingProducer } from './testing/recording-producer.js';
import { createRelay, until } from './testing/relays.js';

/** A server of this file's own, because it is killed. */
let infrastructure: Infrastructure;
let db: LogDatabase;
const data = temporaryDataDir();

beforeAll(async () => {
  const ports = await freeInfrastructurePorts();
  infrastructure = await startInfrastructure({ dataDir: data.path, ports, durable: false, parts: { kafka: false } });
  db = await LogDatabase.create(infrastructure.postgres!.url);
});
afterAll(async () => {
  await db?.close();
  await infrastructure?.stop();
  data.remove();
});

it('kill -9 and a restart of PostgreSQL under load: callers are told what to try again, the relay comes back, nothing is lost', async () => {
  const postgres = infrastructure.postgres!;
  const producer = new RecordingProducer();
  const { relay, observed } = createRelay(db, producer);
  const store = new EventStore({
    pool: db.pool({ connectionTimeoutMillis: 5_000 }),
    schema: 'log',
    onAppended: () => relay.nudge(),
  });
  relay.start();
  const many = streams(8);
  const failures: unknown[] = [];
  let stop = false;
  const caller = async (stream: string): Promise<void> => {
    for (let number = 0; !stop; number++) {
      // One request: the same key until it is answered.
      const idempotency = { key: `${stream}/${number}`, requestDigest: Buffer.alloc(32) };
      for (;;) {
        const result = await store.execute(count(stream, { idempotency })).catch((error: unknown) => {
          failures.push(error);
        });
        if (result !== undefined) {
          expect(result).toMatchObject({ kind: 'done', reply: number + 1 });
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const callers = many.map(caller);
  const enough = observed.count;
  await until(() => observed.count > enough + 50);
  await postgres.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await postgres.start();
  const afterKill = observed.count;
  await until(() => observed.count > afterKill + 50, 60_000);
  await postgres.restart();
  const afterRestart = observed.count;
  await until(() => observed.count > afterRestart + 50, 60_000);
  stop = true;
  await Promise.all(callers);

  expect(failures.length).toBeGreaterThan(0);
  for (const error of failures) {
    expect(error).toBeInstanceOf(EventStoreError);
    expect((error as EventStoreError).retryable).toBe(true);
  }
  expect(observed.failures.length).toBeGreaterThan(0);
  const rows = await db.rows<{ stream: string; events: number; last: number }>(
    'select stream, count(*)::int as events, max(version) as last from log.event group by stream',
  );
  const total = rows.reduce((sum, { events }) => sum + events, 0);
  for (const { events, last } of rows) expect(last).toBe(events);
  await until(() => producer.topics.accepted().length === total);
  for (const { stream, events } of rows) {
    const values = producer.topics.accepted().filter(({ key }) => key === stream);
    expect(values.map(({ value }) => Number(value))).toEqual(Array.from({ length: events }, (_, index) => index + 1));
  }
  await relay.stop();
}, 180_000);
