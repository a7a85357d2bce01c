import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { AppendQuery, append } from './append-query.js';
import { appendRows } from './append-values.js';
import type { Append } from './decide.js';
import { appendStatements } from './statements.js';
import { CONTEXT, event, LogDatabase } from './testing/log-database.js';
import type { SqlEffect } from './types.js';

const STATEMENTS = appendStatements('log');

let db: LogDatabase;
let client: PoolClient;
beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
});
beforeEach(async () => {
  client = await db.pool({ max: 1 }).connect();
});
afterAll(() => db.close());

function change(stream: string, version: number, more: Partial<Append> = {}): Append {
  const idempotency = { key: 'k', requestDigest: Buffer.alloc(32) };
  const command: Append['command'] = { stream, context: CONTEXT, idempotency, decide: () => expect.fail() };
  const state = Buffer.from(`state ${version}`);
  return { command, key: undefined, version, events: [event()], state, reply: 1, effects: [], memo: null, ...more };
}

const send = (...appends: Append[]) => append(client, new AppendQuery(STATEMENTS, appendRows(appends)));

async function versions(stream: string): Promise<number[]> {
  const rows = await db.rows<{ version: number }>('select version from log.event where stream = $1 order by 1', [
    stream,
  ]);
  return rows.map(({ version }) => version);
}

it('what fails behind the copy takes the events with it, and the connection goes on', async () => {
  const key = randomUUID().replaceAll('-', '').repeat(2);
  const [first, second] = [randomUUID(), randomUUID()];
  await send(change(first, 0, { key }));
  await expect(send(change(second, 0, { key }))).rejects.toMatchObject({ constraint: 'idempotency_pkey' });
  expect(await versions(second)).toEqual([]);
  await send(change(second, 0));
  expect(await versions(second)).toEqual([1]);
  client.release();
});

it.each([
  ['refuses a row', async () => {}, { constraint: 'event_stream_version' }],
  ['does not begin', () => client.query('set default_transaction_read_only = on'), { code: '25006' }],
])('a first copy on a connection that %s leaves it as good as new', async (_, before, refusal) => {
  const stream = randomUUID();
  const other = await db.pool({ max: 1 }).connect();
  await append(other, new AppendQuery(STATEMENTS, appendRows([change(stream, 0)])));
  other.release();
  await before();
  await expect(send(change(stream, 0), change(randomUUID(), 0))).rejects.toMatchObject(refusal);
  await client.query('set default_transaction_read_only = off');
  await send(change(stream, 1));
  expect(await versions(stream)).toEqual([1, 2]);
  client.release();
});

describe('effects of the batch', () => {
  const noting = (text: string): SqlEffect => ({
    name: 'note',
    text: 'insert into log.note values ($1)',
    values: [text],
  });
  const asking: SqlEffect = { name: 'ask', text: 'select length($1)', values: ['an answer of no interest'] };
  const appendWith = (stream: string, version: number, ...effects: SqlEffect[]) =>
    append(client, new AppendQuery(STATEMENTS, appendRows([change(stream, version)]), effects));
  const notes = async () =>
    (await db.rows<{ text: string }>('select text from log.note order by 1')).map((r) => r.text);

  beforeAll(async () => {
    await db.admin.query(`create table log.note (text text primary key check (text <> ''))`);
    await db.admin.query(`grant select, insert on log.note to ${db.role}`);
  });

  it('several of one name, and others, share the round trip on a connection that knows none of them', async () => {
    const stream = randomUUID();
    await appendWith(stream, 0, noting('a'), asking, noting('b'));
    await appendWith(stream, 1, noting('c'));
    expect(await notes()).toEqual(['a', 'b', 'c']);
    expect(await versions(stream)).toEqual([1, 2]);
    client.release();
  });

  it('one name for two texts is refused before anything is sent', async () => {
    const stream = randomUUID();
    const other: SqlEffect = { ...noting('other'), text: 'select $1::text' };
    await expect(appendWith(stream, 0, noting('x'), other)).rejects.toThrow('two texts');
    await appendWith(stream, 0, noting(`first ${stream}`));
    await expect(appendWith(stream, 1, other)).rejects.toThrow('two texts');
    expect(await versions(stream)).toEqual([1]);
    client.release();
  });

  it.each([
    [
      'the last of them',
      (stream: string) => appendWith(stream, 0, noting('x'), noting('')),
      { constraint: 'note_text_check' },
    ],
    ['the copy before them', (stream: string) => appendWith(stream, -1, noting('x')), { code: '23514' }],
  ])('where %s fails, nothing is stored, and the connection is as good as new', async (_, fail, refusal) => {
    const stream = randomUUID();
    const before = await notes();
    await expect(fail(stream)).rejects.toMatchObject(refusal);
    expect(await versions(stream)).toEqual([]);
    expect(await notes()).toEqual(before);
    await appendWith(stream, 0, asking, noting(stream));
    expect(await versions(stream)).toEqual([1]);
    expect(await notes()).toEqual([...before, stream].toSorted());
    client.release();
  });
});

it('inside a transaction nothing is stored before its commit', async () => {
  const stream = randomUUID();
  await client.query('begin');
  await send(change(stream, 0));
  expect(await versions(stream)).toEqual([]);
  await client.query('rollback');
  expect(await versions(stream)).toEqual([]);
  client.release();
});

it('events come back as they were given, with and without states to store', async () => {
  const stream = randomUUID();
  const eventId = randomUUID();
  const payload = Buffer.from([0, 255, 10, 92]);
  const context = { ...CONTEXT, actor: 'agency:\\"银行\n' };
  const events = [
    { type: 'sluice.test.ünïcode.v1', contentType: 'application/octet-stream', payload, eventId },
    event(''),
  ];
  const plain = change(stream, 0);
  await send({ ...plain, command: { ...plain.command, context }, events, state: undefined });
  const rows = await db.rows(
    'select version, type, event_id, content_type, context, payload from log.event where stream = $1 order by version',
    [stream],
  );
  expect(rows[0]).toEqual({
    version: 1,
    type: 'sluice.test.ünïcode.v1',
    event_id: eventId,
    content_type: 'application/octet-stream',
    context,
    payload,
  });
  expect(rows[1]).toMatchObject({ version: 2, payload: Buffer.alloc(0) });
  expect(await db.rows('select from log.stream_state where stream = $1', [stream])).toEqual([]);
  client.release();
});
