import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Poison, Retryable } from '../errors.js';
import type { ParkedMessages } from '../parked/parked-messages.js';
import type { IncomingEvent } from '../push/incoming-event.js';

export type Handle = (event: IncomingEvent) => unknown;

/** Handlers by event type; those of `stops` pass parked messages of their key. */
export interface Handlers {
  on: Record<string, Handle>;
  stops?: Record<string, Handle>;
  /** False for a controller that forgot how failures reach the transport. */
  filtered?: boolean;
}

export interface PublishedEvent {
  topic: string;
  partition: number;
  key: string;
  type: string;
  data: unknown;
  headers?: Record<string, string>;
}

export interface PushedShape {
  makeTopic(partitions: number): Promise<string>;
  /** In order, each with the next version of its key. */
  publish(events: PublishedEvent[]): Promise<void>;
  /** Runs handlers as a member of a consumer group until `stop`. */
  run(group: string, topics: string[], handlers: Handlers): Promise<{ stop(): Promise<void> }>;
  /** Offsets the group would begin at, by partition; -1 where it has none. */
  committed(group: string, topic: string): Promise<number[]>;
  /** Puts a group that does not run back to the beginning of a topic. */
  rewind(group: string, topic: string): Promise<void>;
  parked: ParkedMessages;
  freshGroup(): string;
  tearDown(): Promise<void>;
}

const CHANGED = 'test.changed.v1';
const STOPPED = 'test.stopped.v1';
const SOON = { timeout: 75_000, interval: 20 };

/** What every consumer of events relies on, whichever client is beneath. */
export function pushedEventsContract(name: string, setUp: () => Promise<PushedShape>): void {
  describe(`pushed events: ${name}`, () => {
    let shape: PushedShape;
    const running: { stop(): Promise<void> }[] = [];
    beforeAll(async () => {
      shape = await setUp();
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((member) => member.stop()));
    });
    afterAll(() => shape.tearDown());

    const run = async (group: string, topic: string, handlers: Handlers) => {
      const member = await shape.run(group, [topic], handlers);
      running.push(member);
      return member;
    };
    const changed = (topic: string, key: string, data: unknown, partition = 0): PublishedEvent => ({
      topic,
      partition,
      key,
      type: CHANGED,
      data,
    });
    const parkedOf = async (group: string) => (await shape.parked.list()).filter((message) => message.group === group);

    test('an event arrives with all it carries', async () => {
      const topic = await shape.makeTopic(1);
      const events: IncomingEvent[] = [];
      await shape.publish([{ ...changed(topic, 'k', { phone: '1' }), headers: { traceparent: '00-a-b-01' } }]);
      await run(shape.freshGroup(), topic, { on: { [CHANGED]: (event) => events.push(event) } });
      await vi.waitFor(() => expect(events).toHaveLength(1), SOON);
      const [event] = events;
      expect(event).toMatchObject({
        type: CHANGED,
        source: '/test',
        stream: 'k',
        version: 1,
        contentType: 'application/json',
        traceparent: '00-a-b-01',
        topic,
        partition: 0,
        offset: 0n,
      });
      expect(event!.json()).toEqual({ phone: '1' });
      expect(event!.time).toBeInstanceOf(Date);
    });

    test('events of a partition come one after the other and in order, other types are passed over and committed', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      let together = 0;
      await shape.publish([
        ...[1, 2, 3].map((n) => changed(topic, 'a', n)),
        { ...changed(topic, 'a', 'no one wants this'), type: 'test.unknown.v1' },
        ...[4, 5].map((n) => changed(topic, 'b', n)),
        { ...changed(topic, 'a', 'nor this'), type: 'test.unknown.v1' },
      ]);
      await run(group, topic, {
        on: {
          [CHANGED]: async (event) => {
            expect(++together).toBe(1);
            await sleep(5);
            together--;
            seen.push(event.json());
          },
        },
      });
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([7]), SOON);
      expect(seen).toEqual([1, 2, 3, 4, 5]);
    });

    test('a member that is stopped while it begins does not stay in the group and keep its partitions', async () => {
      const topic = await shape.makeTopic(2);
      const group = shape.freshGroup();
      const ghosts: unknown[] = [];
      for (const beginningMs of [0, 5, 15, 30, 60, 120, 240, 480]) {
        const member = await shape.run(group, [topic], { on: { [CHANGED]: (event) => ghosts.push(event) } });
        await sleep(beginningMs);
        await member.stop();
      }
      await shape.publish([changed(topic, 'a', 1, 0), changed(topic, 'b', 2, 1)]);
      const events: IncomingEvent[] = [];
      await run(group, topic, { on: { [CHANGED]: (event) => events.push(event) } });
      await vi.waitFor(() => expect(events).toHaveLength(2), SOON);
      expect(ghosts).toEqual([]);
    });

    test('a member that starts again goes on where the last one stopped', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      const handlers = { on: { [CHANGED]: (event: IncomingEvent) => seen.push(event.json()) } };
      await shape.publish([changed(topic, 'a', 1)]);
      const first = await run(group, topic, handlers);
      await vi.waitFor(() => expect(seen).toEqual([1]), SOON);
      await first.stop();
      await shape.publish([changed(topic, 'a', 2)]);
      await run(group, topic, handlers);
      await vi.waitFor(() => expect(seen).toEqual([1, 2]), SOON);
    });

    test('what is to be tried again holds its own partition only', async () => {
      const topic = await shape.makeTopic(2);
      const seen: unknown[] = [];
      let open = false;
      let tries = 0;
      await shape.publish([changed(topic, 'a', 'a1', 0), changed(topic, 'a', 'a2', 0), changed(topic, 'b', 'b1', 1)]);
      const group = shape.freshGroup();
      await run(group, topic, {
        on: {
          [CHANGED]: (event) => {
            if (event.stream === 'a' && !open) {
              tries++;
              throw new Retryable('not yet');
            }
            seen.push(event.json());
          },
        },
      });
      await vi.waitFor(() => expect(seen).toEqual(['b1']), SOON);
      await shape.publish([changed(topic, 'b', 'b2', 1)]);
      await vi.waitFor(() => expect(seen).toEqual(['b1', 'b2']), SOON);
      await vi.waitFor(() => expect(tries).toBeGreaterThan(2), SOON);
      open = true;
      await vi.waitFor(() => expect(seen).toEqual(['b1', 'b2', 'a1', 'a2']), SOON);
      expect(await parkedOf(group)).toEqual([]);
    });

    test('poison is parked, later events of its key wait behind it, stops and other keys pass', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      await shape.publish([
        changed(topic, 'a', 'a1'),
        changed(topic, 'a', 'a2 poison'),
        changed(topic, 'b', 'b1'),
        changed(topic, 'a', 'a3'),
        { ...changed(topic, 'a', 'a4 stop'), type: STOPPED },
        changed(topic, 'a', 'a5'),
      ]);
      const note = (event: IncomingEvent) => seen.push(event.json());
      await run(group, topic, {
        on: {
          [CHANGED]: (event) => {
            if (event.json<string>().endsWith('poison')) throw new Poison('rule-7');
            note(event);
          },
        },
        stops: { [STOPPED]: note },
      });
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([6]), SOON);
      expect(seen).toEqual(['a1', 'b1', 'a4 stop']);
      const parked = await parkedOf(group);
      expect(parked.map(({ offset, reason, key, state }) => [offset, reason, key, state])).toEqual([
        [1n, 'rule-7', 'a', 'waiting'],
        [3n, 'behind', 'a', 'waiting'],
        [5n, 'behind', 'a', 'waiting'],
      ]);
      const shown = await shape.parked.show(parked[0]!.id);
      expect(shown?.value.toString()).toBe('"a2 poison"');
      expect(shown?.headers.ce_type).toBe(CHANGED);
    });

    test('a retry releases what waited in order, and the key flows again', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      let mended = false;
      await shape.publish(['1 poison', '2', '3'].map((text) => changed(topic, 'a', text)));
      await run(group, topic, {
        on: {
          [CHANGED]: (event) => {
            if (event.json<string>().endsWith('poison') && !mended) throw new Poison('rule-7');
            seen.push(event.json());
          },
        },
      });
      await vi.waitFor(async () => expect(await parkedOf(group)).toHaveLength(3), SOON);
      const [head, second] = await parkedOf(group);
      expect(await shape.parked.retry(second!.id, 'staff:7')).toEqual({ kind: 'waits-behind', id: head!.id });

      expect(await shape.parked.retry(head!.id, 'staff:7')).toEqual({ kind: 'done' });
      await vi.waitFor(async () => expect((await shape.parked.show(head!.id))?.tries).toBe(2), SOON);
      expect((await parkedOf(group)).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting']);
      expect(seen).toEqual([]); // still poison: nothing overtakes it

      mended = true;
      expect(await shape.parked.retry(head!.id, 'staff:8')).toEqual({ kind: 'done' });
      await vi.waitFor(() => expect(seen).toEqual(['1 poison', '2', '3']), SOON);
      await vi.waitFor(async () => expect(await parkedOf(group)).toEqual([]), SOON);
      await shape.publish([changed(topic, 'a', '4')]);
      await vi.waitFor(() => expect(seen).toEqual(['1 poison', '2', '3', '4']), SOON);
      const shown = await shape.parked.show(head!.id);
      expect(shown?.state).toBe('handled');
      expect(shown?.actions.map(({ action, operator }) => [action, operator])).toEqual([
        ['retry', 'staff:7'],
        ['retry', 'staff:8'],
      ]);
      expect(await shape.parked.retry(head!.id, 'staff:8')).toEqual({ kind: 'settled' });
      expect(await shape.parked.retry('999999999', 'staff:8')).toEqual({ kind: 'unknown' });
    });

    test('what is discarded is given up on record, and what waited behind it is handled', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      await shape.publish(['1 poison', '2'].map((text) => changed(topic, 'a', text)));
      await run(group, topic, {
        on: {
          [CHANGED]: (event) => {
            if (event.json<string>().endsWith('poison')) throw new Poison('rule-7');
            seen.push(event.json());
          },
        },
      });
      await vi.waitFor(async () => expect(await parkedOf(group)).toHaveLength(2), SOON);
      const [head] = await parkedOf(group);
      expect(await shape.parked.discard(head!.id, 'staff:7')).toEqual({ kind: 'done' });
      await vi.waitFor(() => expect(seen).toEqual(['2']), SOON);
      const shown = await shape.parked.show(head!.id);
      expect(shown).toMatchObject({ state: 'discarded', actions: [{ action: 'discard', operator: 'staff:7' }] });
    });

    test('a failure that nothing explains is parked after five tries, without the words of the error', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      let tries = 0;
      await shape.publish([changed(topic, 'a', 'x')]);
      await run(group, topic, {
        on: {
          [CHANGED]: () => {
            tries++;
            throw new TypeError('Li Lei lives in Beijing');
          },
        },
      });
      await vi.waitFor(async () => expect(await parkedOf(group)).toHaveLength(1), SOON);
      const [message] = await parkedOf(group);
      expect(tries).toBe(5);
      expect(message).toMatchObject({ tries: 5, state: 'waiting' });
      expect(message!.reason).toMatch(/^TypeError at /);
      expect(message!.reason).not.toContain('Li Lei');
    });

    test('a controller that hides its failures holds its partition and loses nothing', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      let tries = 0;
      await shape.publish([changed(topic, 'a', 'x')]);
      const handle = () => {
        tries++;
        if (tries < 7) throw new TypeError('x');
      };
      await run(group, topic, { on: { [CHANGED]: handle }, filtered: false });
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([1]), SOON);
      expect(tries).toBe(7);
      expect(await parkedOf(group)).toEqual([]);
    });

    test('events that Kafka delivers again are not parked twice, and a discarded one stays discarded', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      const handlers = {
        on: {
          [CHANGED]: (event: IncomingEvent) => {
            seen.push(event.json());
            if (event.json<string>().endsWith('poison')) throw new Poison('rule-7');
          },
        },
      };
      await shape.publish([
        changed(topic, 'a', 'a1 poison'),
        changed(topic, 'b', 'b1 poison'),
        changed(topic, 'a', 'a2'),
      ]);
      const first = await run(group, topic, handlers);
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([3]), SOON);
      const [a1] = await parkedOf(group);
      await first.stop();
      await shape.parked.discard(a1!.id, 'staff:7');
      // The broker may take the member that left for one still there.
      await vi.waitFor(() => shape.rewind(group, topic), SOON);
      seen.length = 0;
      await run(group, topic, handlers);
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([3]), SOON);
      await vi.waitFor(() => expect(seen).toEqual(['a2']), SOON);
      expect((await parkedOf(group)).map(({ offset }) => offset)).toEqual([1n]);
    });

    test('a handler slower than the session keeps its partition', async () => {
      const topic = await shape.makeTopic(1);
      const group = shape.freshGroup();
      const seen: unknown[] = [];
      await shape.publish([changed(topic, 'a', 1), changed(topic, 'a', 2)]);
      await run(group, topic, {
        on: {
          [CHANGED]: async (event) => {
            if (event.offset === 0n) await sleep(12_000);
            seen.push(event.json());
          },
        },
      });
      await vi.waitFor(async () => expect(await shape.committed(group, topic)).toEqual([2]), {
        timeout: 75_000,
        interval: 100,
      });
      expect(seen).toEqual([1, 2]);
    });
  });
}
