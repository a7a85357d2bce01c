import { TOPICS } from '@sluice/contracts';
import type { PartitionPuller, Pulled, PulledRecord } from '@sluice/messaging';
import type { PartitionState } from '../ledger/batch-effects.js';

/** How long an idle pull waits at the broker. A new record ends the wait at once. */
const PULL_WAIT_MS = 250;
const STOPS_MAX_BYTES = 1024 * 1024;
/** About 600 changes: enough to make a batch cheap, few enough to keep its latency low. */
const CHANGES_MAX_BYTES = 768 * 1024;
/** A bound on the memory and the latency of one batch whatever the size of its events. */
const MAX_CHANGES = 1_000;

/** What the worker decides about next. */
export interface Reading {
  vetting: readonly PulledRecord[];
  consent: readonly PulledRecord[];
  /** Empty while stops are still behind their high watermark: the barrier. */
  registry: readonly PulledRecord[];
  /** How many changes wait beyond these. */
  lag: number;
  /** Whether everything that was published before this reading is in it or was decided: older events may be decided too. */
  complete: boolean;
}

/** The broker no longer has what the worker would read next; only an operator can say how to go on. */
export class SourceLost extends Error {
  override readonly name = 'SourceLost';
}

/** Reads changes and stops at one moment. */
export class BatchReader {
  /** Whether the last answer left stops unread: then changes are not even asked for. */
  #behind = false;

  constructor(
    private readonly puller: PartitionPuller,
    private readonly partition: number,
  ) {}

  /**
   * One answer carries the records and the high watermarks of all three topics. Changes are handed out only if
   * the same answer brought vetting and consent up to their high watermarks: a stop that was published before
   * the changes were read wins, however long their backlog is.
   * @param maxWaitMs how long to wait at the broker for something to come
   */
  async read(state: PartitionState, maxWaitMs = PULL_WAIT_MS): Promise<Reading> {
    const stops = [
      { topic: TOPICS.vetting.name, partition: 0, offset: state.vettingOffset, maxBytes: STOPS_MAX_BYTES },
      { topic: TOPICS.consent.name, partition: this.partition, offset: state.consentOffset, maxBytes: STOPS_MAX_BYTES },
    ];
    const changes = {
      topic: TOPICS.registry.name,
      partition: this.partition,
      offset: state.registryOffset,
      maxBytes: CHANGES_MAX_BYTES,
    };
    // The broker reads in the order asked: stops last, so that none published before the changes were read is missed.
    const wants = this.#behind ? stops : [changes, ...stops];
    const answers = await this.puller.pull(wants, { maxWaitMs: Math.min(maxWaitMs, PULL_WAIT_MS) });
    const vetting = answerOf(answers, TOPICS.vetting.name);
    const consent = answerOf(answers, TOPICS.consent.name);
    const atBarrier =
      nextOffset(vetting, state.vettingOffset) >= vetting.highWatermark &&
      nextOffset(consent, state.consentOffset) >= consent.highWatermark;
    const asked = !this.#behind;
    this.#behind = !atBarrier;
    if (!atBarrier || !asked) {
      return { vetting: vetting.records, consent: consent.records, registry: [], lag: 0, complete: false };
    }
    const registry = answerOf(answers, TOPICS.registry.name);
    const taken = registry.records.slice(0, MAX_CHANGES);
    const next = taken.at(-1)?.offset ?? state.registryOffset - 1n;
    const lag = Number(registry.highWatermark - next - 1n);
    return {
      vetting: vetting.records,
      consent: consent.records,
      registry: taken,
      lag,
      complete: lag === 0,
    };
  }
}

function nextOffset(pulled: Pulled, asked: bigint): bigint {
  const last = pulled.records.at(-1);
  return last === undefined ? asked : last.offset + 1n;
}

function answerOf(answers: readonly Pulled[], topic: string): Pulled {
  const pulled = answers.find((answer) => answer.topic === topic);
  if (pulled === undefined || pulled.error === 'retry') throw new Error(`${topic} could not be read, will try again`);
  if (pulled.error !== undefined) throw new SourceLost(`${topic}: ${pulled.error}`);
  return pulled;
}
