import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EventStore } from './event-store.js';
import { CONTEXT, event, LogDatabase } from './testing/log-database.js';
import type { Command, CurrentState } from './types.js';

let db: LogDatabase;

beforeAll(async () => {
  db = await LogDatabase.create(inject('pgUrl'));
});
afterAll(() => db.close());

const STATE_EVERY = 4;

const open = (remember?: number): EventStore =>
  new EventStore({ pool: db.pool(), schema: 'log', stateEvery: STATE_EVERY, ...(remember && { remember }) });

/** The stream's text: what is stored, with the events behind it; each event is one letter. */
const textOf = ({ state, since = [], memo }: CurrentState): string =>
  (memo as string | undefined) ?? `${state ?? ''}${since.map(({ payload }) => payload).join('')}`;

/** Adds a letter to the stream's text. */
function add(stream: string, letter: string, kept = true): Command<string> {
  return {
    stream,
    context: CONTEXT,
    decide: (current) => {
      const text = textOf(current) + letter;
      return {
        kind: 'append',
        events: [event(letter)],
        state: () => Buffer.from(text),
        reply: text,
        ...(kept && { memo: text }),
      };
    },
  };
}

const stored = async (stream: string): Promise<unknown> => {
  const [row] = await db.rows<{ version: number; state: Buffer }>(
    'select version, state from log.stream_state where stream = $1',
    [stream],
  );
  return [row!.version, row!.state.toString()];
};

describe('a store that stores states now and then', () => {
  it('goes on from the stored state and the events behind it, wherever it is opened anew', async () => {
    const stream = randomUUID();
    let text = '';
    for (const letter of 'abcdefghijk') {
      text += letter;
      const executed = await open().execute(add(stream, letter));
      expect(executed).toMatchObject({ kind: 'done', reply: text, version: text.length });
    }
    expect(await stored(stream)).toEqual([9, 'abcdefghi']);
    const current = await open().load(stream);
    expect([current.version, textOf(current)]).toEqual([11, text]);
    expect(current.since?.map(({ version, type }) => [version, type])).toEqual([
      [10, 'sluice.test.counted.v1'],
      [11, 'sluice.test.counted.v1'],
    ]);
    expect(Math.abs(current.since![0]!.recordedAt - Date.now())).toBeLessThan(60_000);
  });

  it('makes no state that is not stored', async () => {
    const stream = randomUUID();
    const store = open(10);
    let made = 0;
    for (const letter of 'abcdefgh') {
      const command = add(stream, letter);
      const decide: Command<string>['decide'] = (current) => {
        const outcome = command.decide(current);
        if (outcome.kind === 'nothing') return outcome;
        const state = outcome.state as () => Buffer;
        return {
          ...outcome,
          state: () => {
            made += 1;
            return state();
          },
        };
      };
      await store.execute({ ...command, decide });
    }
    expect(made).toBe(2);
    expect(await stored(stream)).toEqual([5, 'abcde']);
  });

  it.each([
    ['remembering', true],
    ['without memory', false],
  ])('stores the last state that is due of a long chain in one batch, %s', async (_, kept) => {
    const stream = randomUUID();
    const store = open(kept ? 10 : undefined);
    await store.executeAll([...'abcdefghijkl'].map((letter) => add(stream, letter, kept)));
    expect(await stored(stream)).toEqual([9, 'abcdefghi']);
    expect(textOf(await store.load(stream))).toBe('abcdefghijkl');
    expect(await store.execute(add(stream, 'm', kept))).toMatchObject({ reply: 'abcdefghijklm', version: 13 });
    expect(await stored(stream)).toEqual([13, 'abcdefghijklm']);
  });

  it('loads many streams with their own events each', async () => {
    const streams = Array.from({ length: 40 }, () => randomUUID());
    const writer = open(100);
    await Promise.all(
      streams.map(async (stream, index) => {
        for (const letter of 'abcdefgh'.slice(0, 1 + (index % 8))) await writer.execute(add(stream, letter));
      }),
    );
    const results = await open().executeAll(streams.map((stream) => add(stream, '!')));
    expect(results.map((result) => result.kind === 'done' && result.reply)).toEqual(
      streams.map((_, index) => `${'abcdefgh'.slice(0, 1 + (index % 8))}!`),
    );
  });

  it('does not believe its memory where another instance appended without storing a state', async () => {
    const stream = randomUUID();
    const [store, other] = [open(10), open(10)];
    await store.execute(add(stream, 'a'));
    await other.execute(add(stream, 'b'));
    expect(await stored(stream)).toEqual([1, 'a']);
    const seen: string[] = [];
    const look: Command<string> = {
      stream,
      context: CONTEXT,
      decide: (current) => {
        seen.push(textOf(current));
        return { kind: 'nothing', reply: textOf(current) };
      },
    };
    expect(await store.execute(look)).toMatchObject({ reply: 'ab', version: 2, appended: false });
    expect(seen).toEqual(['a', 'ab']);
    await other.execute(add(stream, 'c'));
    expect(await store.execute(add(stream, 'd'))).toMatchObject({ reply: 'abcd', version: 4 });
  });

  it('takes no two events at once: the state that is due could lie between them', async () => {
    const command: Command<string> = {
      ...add(randomUUID(), 'a'),
      decide: () => ({ kind: 'append', events: [event('a'), event('b')], state: Buffer.from('ab'), reply: 'ab' }),
    };
    await expect(open().execute(command)).rejects.toThrow(/singly/);
  });
});
