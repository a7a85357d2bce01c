import { setTimeout as delay } from 'node:timers/promises';
import { auditEvents, CHECKPOINT_PUBLISHED, TOPICS } from '@sluice/contracts';
import { endOffsets, type KafkaConnection, PartitionPuller } from '@sluice/messaging';
import { Latencies, type LatencySummary } from './latencies.js';

const SAMPLE_MS = 20;
/** How often a record is followed until it is in the log. */
const PROBE_MS = 200;
const PULL_WAIT_MS = 50;
const MAX_BYTES = 256 * 1024;
/** What every change passes through, in and out. */
const FOLLOWED = [TOPICS.registry.name, TOPICS.ledger.name];

/** The newest records at a moment. */
interface Probe {
  /** Of `performance.now()`. */
  at: number;
  /** The offset after the last record, by `topic/partition`. */
  ends: Map<string, bigint>;
}

/** What following audit.checkpoints gave, in milliseconds. */
export interface CheckpointFigures {
  /** At any moment: since the newest checkpoint was announced. */
  age: LatencySummary;
  /** From the newest records of a moment to the checkpoint that has them. */
  recorded: LatencySummary;
}

/** Follows audit.checkpoints until `endsAt` (of `performance.now()`), and then until the last probe is in the log. */
export async function followCheckpoints(connection: KafkaConnection, endsAt: number): Promise<CheckpointFigures> {
  const age = new Latencies();
  const recorded = new Latencies();
  const puller = new PartitionPuller({ ...connection, clientId: 'bench-checkpoints' });
  let announcedAt: number | undefined;
  let waiting: Probe[] = [];
  const sampler = setInterval(() => {
    if (announcedAt !== undefined && performance.now() < endsAt) age.add(Date.now() - announcedAt);
  }, SAMPLE_MS);
  const probing = (async () => {
    while (performance.now() < endsAt) {
      waiting.push(await probe(connection));
      await delay(PROBE_MS);
    }
  })();
  try {
    let [offset = 0n] = await endOffsets(connection, TOPICS.checkpoints.name);
    while (performance.now() < endsAt || waiting.length > 0) {
      const want = { topic: TOPICS.checkpoints.name, partition: 0, offset, maxBytes: MAX_BYTES };
      const [answer] = await puller.pull([want], { maxWaitMs: PULL_WAIT_MS });
      for (const { value, timestamp } of answer!.records) {
        const { positions } = auditEvents[CHECKPOINT_PUBLISHED].parse(JSON.parse(value.toString()));
        announcedAt = Number(timestamp);
        const has = ({ ends }: Probe) => [...ends].every(([place, end]) => BigInt(positions[place] ?? 0) >= end);
        for (const { at } of waiting.filter(has)) recorded.add(performance.now() - at);
        waiting = waiting.filter((one) => !has(one));
      }
      offset = answer!.nextOffset;
    }
    await probing;
  } finally {
    clearInterval(sampler);
    await puller.close();
  }
  return { age: age.summary(), recorded: recorded.summary() };
}

async function probe(connection: KafkaConnection): Promise<Probe> {
  const at = performance.now();
  const ends = await Promise.all(
    FOLLOWED.map(async (topic) => {
      const offsets = await endOffsets({ ...connection, clientId: 'bench-ends' }, topic);
      return offsets.map((end, partition) => [`${topic}/${partition}`, end] as const);
    }),
  );
  return { at, ends: new Map(ends.flat()) };
}
