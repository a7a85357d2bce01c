import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { CONTEXT, count, event, LogDatabase, streams } from './testing/log-database.js';
import type { Command, SqlEffect } from './types.js';

let db: LogDatabase;
let store: EventStore;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
  await db.admin.query(`create table log.name (stream uuid primary key, name text not null unique)`);
  await db.admin.query(`grant select, insert on log.name to ${db.role}`);
  store = new EventStore({ pool: db.pool(), schema: 'log' });
});
afterAll(async () => {
  await store.close();
  await db.close();
});

const withEffect = (stream: string, effect: SqlEffect): Command<number> => ({
  stream,
  context: CONTEXT,
  decide: () => ({ kind: 'append', events: [event()], state: Buffer.alloc(0), reply: 0, effects: [effect] }),
});

const register = (stream: string, name: string): Command<number> =>
  withEffect(stream, {
    name: 'insert-name',
    text: 'insert into log.name (stream, name) values ($1, $2)',
    values: [stream, name],
  });

const divide = (stream: string, value: unknown): Command<number> =>
  withEffect(stream, { name: 'divide', text: 'select 1 / $1::int', values: [value] });

it('effects commit with the append', async () => {
  const stream = randomUUID();
  await store.execute(register(stream, `alone-${stream}`));
  expect(await db.rows('select name from log.name where stream = $1', [stream])).toHaveLength(1);
});

it('effects that break a constraint cost only the command they belong to', async () => {
  const many = streams(20);
  const name = (index: number): string => (index % 5 === 4 ? `taken-${many[0]}` : `free-${many[index]}`);
  await store.execute(register(randomUUID(), `taken-${many[0]}`));
  const results = await Promise.all(many.map((stream, index) => store.execute(register(stream, name(index)))));
  for (const [index, result] of results.entries()) {
    const stream = many[index]!;
    if (index % 5 === 4) {
      expect(result).toEqual({ kind: 'constraint', constraint: 'name_name_key' });
      expect(await store.load(stream)).toEqual({ version: 0, state: null });
    } else {
      expect(result).toMatchObject({ kind: 'done', version: 1 });
      expect((await store.load(stream)).version).toBe(1);
    }
  }
});

const circle: unknown[] = [];
circle.push({ circle });
it.each([
  ['PostgreSQL refuses for another reason', 0],
  ['cannot even be sent', { circle }],
])('effects that %s fail their command alone', async (_, value) => {
  const [bad, good] = streams(2) as [string, string];
  const [failed, done] = await Promise.allSettled([store.execute(divide(bad, value)), store.execute(count(good))]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'rejected', retryable: false } });
  expect(done).toMatchObject({ status: 'fulfilled', value: { kind: 'done' } });
  expect((await store.load(bad)).version).toBe(0);
  // The statement's name is as good as new on every connection.
  for (const stream of streams(4)) expect(await store.execute(divide(stream, 1))).toMatchObject({ kind: 'done' });
});

it('of two effects with one name and two texts the second fails its command alone, and says so', async () => {
  // One connection: another would not know of the first.
  const single = new EventStore({ pool: db.pool({ max: 1 }), schema: 'log' });
  const naming = (stream: string, text: string) => withEffect(stream, { name: 'two-texts', text, values: [] });
  const [first, second, other] = streams(3) as [string, string, string];
  const settled = await Promise.allSettled([
    single.execute(count(other)),
    single.execute(naming(first, 'select 1')),
    single.execute(naming(second, 'select 2')),
  ]);
  expect(settled).toMatchObject([
    { status: 'fulfilled' },
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'rejected', retryable: false } },
  ]);
  expect((await single.load(second)).version).toBe(0);
  await single.close();
});
