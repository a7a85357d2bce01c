import { randomBytes } from 'node:crypto';
import { feedTopic, LANES } from '@sluice/contracts';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  type Producer,
  ResourcePatternTypes,
} from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { SluiceError } from '../errors.js';
import { type BlockRecord, type FeedKeys, laneOfBlocks, newFeedKeys } from '../testing/lane-blocks.js';
import { SluiceFeed } from './feed.js';
import type { SluiceFeedOptions } from './feed-options.js';
import { correctRequestQueue } from './kafkajs-request-queue.js';
import type { LanePosition, PositionStore } from './position.js';
import { MemoryPositions } from './positions-in-memory.js';

const WITHIN = { timeout: 60_000, interval: 20 };
const agencyKafka = inject('agencyKafka');

let admin: Admin;
let producer: Producer;
let feed: FeedKeys;
const warnings: Error[] = [];
const noteWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  process.on('warning', noteWarning);
  correctRequestQueue();
  const { brokers, username, password } = inject('kafka');
  const kafka = new Kafka({
    brokers,
    sasl: { mechanism: 'scram-sha-512', username, password },
    logCreator: () => () => {},
  });
  admin = kafka.admin();
  producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
});

afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  process.off('warning', noteWarning);
});

beforeEach(async () => {
  feed = await newFeedKeys(`t-${randomBytes(5).toString('hex')}`);
  await createTopic(feedTopic(feed.agency));
  await allowToRead(AclResourceTypes.TOPIC, feedTopic(feed.agency), ResourcePatternTypes.LITERAL);
  await allowToRead(AclResourceTypes.GROUP, `${feed.agency}.`, ResourcePatternTypes.PREFIXED);
});

async function allowToRead(
  resourceType: AclResourceTypes,
  resourceName: string,
  resourcePatternType: ResourcePatternTypes,
): Promise<void> {
  const acl = {
    resourceType,
    resourceName,
    resourcePatternType,
    principal: `User:${feed.agency}`,
    host: '*',
    operation: AclOperationTypes.READ,
    permissionType: AclPermissionTypes.ALLOW,
  };
  await admin.createAcls({ acl: [acl] });
  // The broker answers before it obeys.
  await vi.waitFor(async () => expect((await admin.describeAcls(acl)).resources).toHaveLength(1), WITHIN);
}

/** kafkajs' own waiting for leaders fails on a topic the broker has just begun to make. */
async function createTopic(topic: string): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: LANES }] });
  await vi.waitFor(() => admin.fetchTopicMetadata({ topics: [topic] }), WITHIN);
}

const started: SluiceFeed[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

async function tokenOf(agency: string, options: { audience?: string; expiresIn?: number } = {}): Promise<string> {
  const response = await fetch(agencyKafka.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${agencyKafka.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ claims: { sub: agency, kind: 'agency', agency }, audience: 'kafka', ...options }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

interface Following {
  feed: SluiceFeed;
  /** `lane:sequence` as handled. */
  handled: string[];
  faults: SluiceError[];
}

async function follow(options: Partial<SluiceFeedOptions> = {}): Promise<Following> {
  const handled: string[] = [];
  const faults: SluiceError[] = [];
  const following = new SluiceFeed({
    brokers: agencyKafka.brokers,
    agency: feed.agency,
    token: () => tokenOf(feed.agency),
    privateKey: feed.keys.privateJwk,
    positions: new MemoryPositions(),
    onEvent: (event, position) => void handled.push(`${position.lane}:${event.sequence}`),
    onReplay: (event, position) => void handled.push(`${position.lane}:${event.sequence} again`),
    onFault: (error) => void faults.push(error),
    ...options,
  });
  await following.start();
  started.push(following);
  return { feed: following, handled, faults };
}

async function publish(lane: number, records: BlockRecord[]): Promise<void> {
  const messages = records.map(({ headers, value }) => ({ key: null, value, headers, partition: lane }));
  await producer.send({ topic: feedTopic(feed.agency), acks: -1, messages });
}

const sequences = (lane: number, count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => `${lane}:${from + index}`);

const ofLane = (handled: string[], lane: number): string[] => handled.filter((one) => one.startsWith(`${lane}:`));

describe('SluiceFeed on the listener for agencies', () => {
  it('hands on what was there before and what comes later, each lane in order, repeats dropped', async () => {
    const lanes = Array.from({ length: LANES }, (_, lane) => laneOfBlocks(feed, lane, [1, 3, 2]));
    for (const [lane, records] of lanes.entries()) await publish(lane, records.slice(0, 2));
    const { handled, faults } = await follow();
    await vi.waitFor(() => expect(handled).toHaveLength(4 * LANES), WITHIN);
    for (const [lane, records] of lanes.entries()) await publish(lane, records);
    await vi.waitFor(() => expect(handled).toHaveLength(6 * LANES), WITHIN);
    for (const lane of lanes.keys()) expect(ofLane(handled, lane)).toEqual(sequences(lane, 6));
    expect(faults).toEqual([]);
  });

  it('goes on where it stopped, whatever the group has committed', async () => {
    const records = laneOfBlocks(feed, 1, [2, 2, 2]);
    const positions = new MemoryPositions();
    await publish(1, records.slice(0, 2));
    const first = await follow({ positions });
    await vi.waitFor(() => expect(first.handled).toHaveLength(4), WITHIN);
    await first.feed.stop();
    await publish(1, records.slice(2));
    const second = await follow({ positions });
    await vi.waitFor(() => expect(second.handled).toEqual(sequences(1, 2, 5)), WITHIN);
    await second.feed.stop();

    // The store was restored from a backup: older than the committed offsets, and nothing new comes in to notice by.
    const restored = new MemoryPositions();
    await restored.save({ lane: 1, sequence: 1, digest: records[0]!.digest, offset: '0' });
    const third = await follow({ positions: restored });
    await vi.waitFor(() => expect(third.handled).toEqual(sequences(1, 5, 2)), WITHIN);
    await third.feed.stop();
    const fourth = await follow();
    await vi.waitFor(() => expect(fourth.handled).toEqual(sequences(1, 6)), WITHIN);
  });

  it('shows the centre how far it is, in the offsets of its group', async () => {
    await publish(2, laneOfBlocks(feed, 2, [1, 1, 1]));
    await follow();
    await vi.waitFor(async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: `${feed.agency}.feed`, topics: [feedTopic(feed.agency)] });
      expect(offsets?.partitions.find(({ partition }) => partition === 2)?.offset).toBe('3');
    }, WITHIN);
  });

  it('tries a failed delivery again and keeps the order, while other lanes go on', async () => {
    await publish(0, laneOfBlocks(feed, 0, [2, 1]));
    const order: string[] = [];
    let failures = 2;
    const { faults } = await follow({
      onEvent: async (event, { lane }) => {
        if (lane === 0 && event.sequence === '2' && failures > 0) {
          if (failures-- === 2) await publish(3, laneOfBlocks(feed, 3, [1]));
          throw new Error('database away');
        }
        order.push(`${lane}:${event.sequence}`);
      },
    });
    await vi.waitFor(() => expect(order).toHaveLength(4), WITHIN);
    expect(order).toEqual(['0:1', '3:1', '0:2', '0:3']);
    expect(faults.map(({ code, retryable }) => [code, retryable])).toEqual([
      ['handler-failed', true],
      ['handler-failed', true],
    ]);
  });

  it('halts a lane at a gap and says so, while other lanes go on', async () => {
    const [first, , third] = laneOfBlocks(feed, 0, [1, 2, 1]);
    await publish(0, [first!, third!]);
    const { handled, faults } = await follow();
    await vi.waitFor(() => expect(faults).toHaveLength(1), WITHIN);
    await publish(5, laneOfBlocks(feed, 5, [2]));
    await vi.waitFor(() => expect(handled).toEqual(['0:1', '5:1', '5:2']), WITHIN);
    expect(faults).toMatchObject([{ code: 'gap', lane: 0, expected: 2, found: 4 }]);
  });

  it('waits for a position store that is away, and begins where it says', async () => {
    const records = laneOfBlocks(feed, 0, [1, 1]);
    await publish(0, records);
    let away = 2;
    const positions: PositionStore = {
      load: async (lane) => {
        if (lane === 0 && away-- > 0) throw new Error('away');
        return lane === 0 ? { lane, sequence: 1, digest: records[0]!.digest, offset: '0' } : undefined;
      },
      save: async () => {},
    };
    const { handled, faults } = await follow({ positions });
    await vi.waitFor(() => expect(handled).toEqual(['0:2']), WITHIN);
    expect(faults.map(({ code }) => code)).toEqual(['position-store-failed', 'position-store-failed']);
  });

  it('finishes the delivery in hand on stop, and nothing after it', async () => {
    await publish(0, laneOfBlocks(feed, 0, [3]));
    const positions = new MemoryPositions();
    let reached = (): void => {};
    let release = (): void => {};
    const inHand = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const done: string[] = [];
    const following = await follow({
      positions,
      onEvent: async (event) => {
        reached();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        done.push(event.sequence);
      },
    });
    await inHand;
    const stopped = following.feed.stop();
    release();
    await stopped;
    expect(done).toEqual(['1']);
    expect(await positions.load(0)).toMatchObject({ sequence: 1 });
  });

  it('shares the lanes with a second process, and effects stored with their position happen once', async () => {
    const effects = new Map<number, { sequences: number[]; position: LanePosition }>();
    const positions: PositionStore = { load: async (lane) => effects.get(lane)?.position, save: async () => {} };
    const members = [new Set<number>(), new Set<number>()];
    const handlerOf = (member: number): SluiceFeedOptions['onEvent'] => {
      return (event, position) => {
        const { lane, sequence } = position;
        members[member]!.add(lane);
        const before = effects.get(lane)?.sequences ?? [];
        // The transaction's condition: whoever comes late, after losing the lane, changes nothing.
        if ((before.at(-1) ?? 0) + 1 === sequence) {
          effects.set(lane, { sequences: [...before, Number(event.sequence)], position });
        }
      };
    };
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      laneOfBlocks(
        feed,
        lane,
        Array.from({ length: 30 }, () => 2),
      ),
    );
    const publishing = (async () => {
      for (let block = 0; block < 30; block++) {
        for (const [lane, records] of lanes.entries()) await publish(lane, [records[block]!]);
        if (block === 10) await follow({ positions, onEvent: handlerOf(1) });
      }
    })();
    await follow({ positions, onEvent: handlerOf(0) });
    await publishing;
    await vi.waitFor(() => {
      expect(effects.size).toBe(LANES);
      for (const { sequences } of effects.values()) expect(sequences).toHaveLength(60);
    }, WITHIN);
    for (const { sequences } of effects.values())
      expect(sequences).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(members[1]!.size).toBeGreaterThan(0);
  });

  it('renews its token before it ends, without losing or repeating a delivery', async () => {
    const records = laneOfBlocks(feed, 0, [1, 1]);
    let tokens = 0;
    const { handled, faults } = await follow({
      token: () => {
        tokens++;
        return tokenOf(feed.agency, { expiresIn: 13 });
      },
    });
    await publish(0, [records[0]!]);
    await vi.waitFor(() => expect(handled).toHaveLength(1), WITHIN);
    const before = tokens;
    await vi.waitFor(() => expect(tokens).toBeGreaterThan(before), { timeout: 60_000, interval: 100 });
    await publish(0, [records[1]!]);
    await vi.waitFor(() => expect(handled).toEqual(['0:1', '0:2']), WITHIN);
    expect(faults).toEqual([]);
  });

  it('says why it cannot begin', async () => {
    await expect(follow({ token: async () => 'not-a-token' })).rejects.toMatchObject({ code: 'token-refused' });
    await expect(follow({ token: () => tokenOf(feed.agency, { audience: 'other' }) })).rejects.toMatchObject({
      code: 'token-refused',
    });
    await expect(follow({ token: () => Promise.reject(new Error('issuer down')) })).rejects.toMatchObject({
      code: 'token-unavailable',
    });
    await expect(follow({ token: () => tokenOf('another-bank') })).rejects.toMatchObject({ code: 'feed-not-allowed' });
    await expect(follow({ brokers: ['127.0.0.1:9'] })).rejects.toMatchObject({ code: 'broker-unreachable' });
    await expect(follow({ groupId: 'other.feed' })).rejects.toMatchObject({ code: 'options-invalid' });
  });

  it('prints no warning of kafkajs', () => {
    expect(warnings.filter(({ name }) => name === 'TimeoutNegativeWarning')).toEqual([]);
  });
});
