import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { Leadership } from './leadership.js';
import { Pause } from './pause.js';
import { Publisher } from './publisher.js';
import { RecordEncoder, type Route } from './record-encoder.js';
import type { RecordProducer } from './record-producer.js';
import type { RelayObserver } from './relay-observer.js';
import { RelaySession } from './relay-session.js';
import { plainName } from './statements.js';

/** How often a relay that stands by asks for the leadership. */
const STANDBY_POLL_MS = 500;
/** Between two announcements to the one that leads, which lets as much time pass between small batches. */
const ANNOUNCE_EVERY_MS = 10;
const FIRST_RECONNECT_MS = 100;
const LAST_RECONNECT_MS = 5_000;
/** What a stop waits for Kafka to answer for the batch in flight. */
const STOP_GRACE_MS = 2_000;

export interface RelayOptions {
  /** Logs in as the service's own role; the relay keeps one connection of its own. */
  connection: ClientConfig | string;
  schema: string;
  /** The CloudEvents source, eg `/registry`. */
  source: string;
  /** Throws on a type that belongs to no topic: its stream is then halted. */
  route: Route;
  /** Closed by `stop`. */
  producer: RecordProducer;
  observe: RelayObserver;
}

export type RelayState = 'leading' | 'standby' | 'stopped';

/**
 * Publishes a schema's events to Kafka in commit-safe order. Of all relays of one schema, one leads and the others
 * stand by. After a crash or a change of leaders some events are published again: per partition, what is not above the
 * highest `ce_logposition` seen is such a repeat. This holds for a paused leader that wakes up late, too: what it still
 * sends directly follows what it sent before. Events released by an operator (`ce_late`) are told apart by `ce_id`.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #encoder: RecordEncoder;
  readonly #publisher: Publisher;
  readonly #wake = new Pause();
  readonly #stop = new AbortController();
  #session: RelaySession | undefined;
  #running: Promise<void> | undefined;
  #reconnectMs = FIRST_RECONNECT_MS;
  #state: RelayState = 'stopped';

  constructor(options: RelayOptions) {
    plainName(options.schema);
    this.#options = options;
    this.#encoder = new RecordEncoder(options.source, options.route);
    this.#publisher = new Publisher(options.producer, (error) => options.observe.failed(error));
  }

  get state(): RelayState {
    return this.#state;
  }

  /** Once; a stopped relay is not started again. */
  start(): void {
    if (this.#running !== undefined) throw new Error('this relay was started before');
    this.#state = 'standby';
    this.#running = this.#run();
  }

  /** Something was appended: the relay that leads looks for it at once, wherever it is. */
  nudge(): void {
    this.#wake.wake();
  }

  /** Ends after the batch in flight, releases the leadership and closes the producer. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.wake();
    await Promise.race([this.#running, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    await this.#session?.close();
    await this.#options.producer.close();
    this.#state = 'stopped';
  }

  /** Connects, waits for the leadership, leads; and from the start again when the session was lost. */
  async #run(): Promise<void> {
    const { connection, schema, observe } = this.#options;
    while (!this.#stopped()) {
      try {
        this.#session = await RelaySession.open(connection, schema);
        if (await this.#standBy(this.#session)) await this.#lead(this.#session);
      } catch (error) {
        if (!this.#stopped()) observe.failed(error);
      }
      await this.#session?.close();
      await this.#sleep(this.#reconnectMs);
      this.#reconnectMs = Math.min(this.#reconnectMs * 2, LAST_RECONNECT_MS);
    }
  }

  /** True once this relay leads, false when it was stopped before. */
  async #standBy(session: RelaySession): Promise<boolean> {
    let askAt = 0;
    while (!this.#stopped()) {
      if (performance.now() >= askAt) {
        const leads = await session.tryToLead();
        this.#reconnectMs = FIRST_RECONNECT_MS;
        if (leads) return true;
        askAt = performance.now() + STANDBY_POLL_MS;
      }
      if ((await this.#wake.for(Math.max(0, askAt - performance.now()))) && !this.#stopped()) {
        await session.announce();
        await this.#sleep(ANNOUNCE_EVERY_MS);
      }
    }
    return false;
  }

  async #lead(session: RelaySession): Promise<void> {
    this.#state = 'leading';
    try {
      await new Leadership({
        session,
        encoder: this.#encoder,
        publisher: this.#publisher,
        observe: this.#options.observe,
        wake: this.#wake,
        stopped: () => this.#stopped(),
      }).run();
    } finally {
      this.#state = 'standby';
    }
  }

  #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Cut short by a stop. */
  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
