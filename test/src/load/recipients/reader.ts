import { type FeedEvent, type PrivateKey, SluiceFeed } from '@sluice/agency-sdk';
import { FEED_PROFILE_CHANGED, LANES } from '@sluice/contracts';
import { until } from '../../support/until.js';
import { madeAtOf } from '../generator/change-lines.js';
import type { Latencies } from '../measure/latencies.js';
import type { KeptPositions } from './kept-positions.js';

/** The feed of a new agency is made a moment after its accreditation. */
const FEED_TIMEOUT_MS = 30_000;

export interface ReaderPlan {
  agency: string;
  brokers: string[];
  /** For Kafka; valid for as long as the reader runs. */
  token: string;
  privateKey: PrivateKey;
}

/** The span whose latencies are of interest: of changes made (Unix, ms) in [from, to). */
export interface Span {
  from: number;
  to: number;
}

/** One recipient with the SDK: counts the changes that arrive and how long each was on its way. */
export class Reader {
  /** Changes delivered, without snapshots and notices. */
  received = 0;
  readonly faults: string[] = [];
  #feed: SluiceFeed | undefined;

  constructor(
    private readonly plan: ReaderPlan,
    private readonly positions: KeptPositions,
    /** What latencies are added to, if they are of interest. */
    private readonly measured: () => (Span & { latencies: Latencies }) | undefined,
  ) {}

  async start(): Promise<void> {
    let reason: unknown;
    const begin = () =>
      this.#begin().catch((error: unknown) => {
        reason = error;
        return undefined;
      });
    await until(`${this.plan.agency} reads its feed`, begin, FEED_TIMEOUT_MS).catch((cause) => {
      throw reason ?? cause;
    });
  }

  /** Sequences of the last deliveries, by lane. */
  get sequences(): number[] {
    return Array.from({ length: LANES }, (_, lane) => this.positions.sequenceOf(lane));
  }

  keepPositions(): void {
    this.positions.keep();
  }

  async #begin(): Promise<true> {
    const { agency, brokers, token, privateKey } = this.plan;
    const feed = new SluiceFeed({
      agency,
      brokers,
      privateKey,
      token: async () => token,
      positions: this.positions,
      onEvent: (event) => this.#take(event),
      onReplay: () => {},
      onFault: (error, lane) => {
        this.faults.push(`${agency}${lane === undefined ? '' : ` lane ${lane}`}: ${error.code} ${error.message}`);
      },
    });
    try {
      await feed.start();
    } catch (error) {
      await feed.stop();
      throw error;
    }
    this.#feed = feed;
    return true;
  }

  stop(): Promise<void> | undefined {
    return this.#feed?.stop();
  }

  #take(event: FeedEvent): void {
    if (event.type !== FEED_PROFILE_CHANGED) return;
    this.received += 1;
    const measured = this.measured();
    if (measured === undefined) return;
    const madeAt = madeAtOf(event.data.attributes);
    if (madeAt !== undefined && madeAt >= measured.from && madeAt < measured.to) {
      measured.latencies.add(Date.now() - madeAt);
    }
  }
}
