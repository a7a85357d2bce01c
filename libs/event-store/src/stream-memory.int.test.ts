import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { GatedPool } from './testing/gated-pool.js';
import { CONTEXT, event, LogDatabase } from './testing/log-database.js';
import type { Command, CurrentState } from './types.js';

let db: LogDatabase;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
});
afterAll(() => db.close());

/** Sets the stream's text, if it is not that already; tells what it was, and whether it was remembered. */
function set(stream: string, text: string, seen: string[] = []): Command<string> {
  return {
    stream,
    context: CONTEXT,
    decide: (current) => {
      const before = (current.memo as string | undefined) ?? (current.state ?? '').toString();
      seen.push(current.memo === undefined ? `stored ${before}` : `remembered ${before}`);
      if (before === text) return { kind: 'nothing', reply: 'unchanged' };
      return { kind: 'append', events: [event('{}')], state: Buffer.from(text), reply: 'changed', memo: text };
    },
  };
}

const replyOf = async (store: EventStore, command: Command<string>): Promise<unknown> => {
  const executed = await store.execute(command);
  return executed.kind === 'done' ? [executed.reply, executed.version] : executed.kind;
};

const textOf = ({ version, state }: CurrentState): unknown => [version, state?.toString()];

describe('a store that remembers streams', () => {
  it('decides on what it remembers, and stores as one that does not', async () => {
    const stream = randomUUID();
    const store = new EventStore({ pool: db.pool(), schema: 'log', remember: 10 });
    const seen: string[] = [];
    expect(await replyOf(store, set(stream, 'a', seen))).toEqual(['changed', 1]);
    expect(await replyOf(store, set(stream, 'b', seen))).toEqual(['changed', 2]);
    expect(await replyOf(store, set(stream, 'b', seen))).toEqual(['unchanged', 2]);
    expect(seen).toEqual(['stored ', 'remembered a', 'remembered b']);
    expect(textOf(await store.load(stream))).toEqual([2, 'b']);
  });

  it('does not take a change for none because another instance changed it in between', async () => {
    const stream = randomUUID();
    const store = new EventStore({ pool: db.pool(), schema: 'log', remember: 10 });
    const other = new EventStore({ pool: db.pool(), schema: 'log', remember: 10 });
    await store.execute(set(stream, 'a'));
    await other.execute(set(stream, 'b'));
    const seen: string[] = [];
    expect(await replyOf(store, set(stream, 'a', seen))).toEqual(['changed', 3]);
    expect(seen).toEqual(['remembered a', 'stored b']);
    expect(textOf(await other.load(stream))).toEqual([3, 'a']);
  });

  it('appends behind what another instance appended, and believes its own memory no longer', async () => {
    const stream = randomUUID();
    const store = new EventStore({ pool: db.pool(), schema: 'log', remember: 10 });
    const other = new EventStore({ pool: db.pool(), schema: 'log' });
    await store.execute(set(stream, 'a'));
    await other.execute(set(stream, 'b'));
    const seen: string[] = [];
    expect(await replyOf(store, set(stream, 'c', seen))).toEqual(['changed', 3]);
    expect(seen).toEqual(['remembered a', 'stored b']);
  });

  it('chains commands of one batch on what it remembers', async () => {
    const stream = randomUUID();
    const store = new EventStore({ pool: db.pool(), schema: 'log', remember: 10 });
    await store.execute(set(stream, 'a'));
    const results = await store.executeAll([set(stream, 'a'), set(stream, 'b'), set(stream, 'b'), set(stream, 'c')]);
    expect(results.map((result) => result.kind === 'done' && result.version)).toEqual([1, 2, 2, 3]);
    expect(textOf(await store.load(stream))).toEqual([3, 'c']);
  });

  it('does not remember what a failed commit would have stored', async () => {
    const stream = randomUUID();
    const pool = new GatedPool({ connectionString: db.url });
    const store = new EventStore({ pool, schema: 'log', remember: 10 });
    await store.execute(set(stream, 'a'));
    pool.gate = async (name) => {
      if (name === 'log.append') throw new Error('the connection is gone');
    };
    await expect(store.execute(set(stream, 'b'))).rejects.toThrow();
    pool.gate = async () => {};
    const seen: string[] = [];
    expect(await replyOf(store, set(stream, 'c', seen))).toEqual(['changed', 2]);
    expect(seen).toEqual(['stored a']);
    await pool.end();
  });

  it('forgets the stream that was used least when there are too many', async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const store = new EventStore({ pool: db.pool(), schema: 'log', remember: 2 });
    for (const stream of [first, second, third]) await store.execute(set(stream, 'a'));
    const seen: string[] = [];
    for (const stream of [first, third]) await store.execute(set(stream, 'b', seen));
    expect(seen).toEqual(['stored a', 'remembered a']);
  });
});
