import { setTimeout as gather } from 'node:timers/promises';
import { type LogPlace, READ_BYTES, READ_ROWS } from './log-reads.js';
import type { Pause } from './pause.js';
import type { Published, Publisher } from './publisher.js';
import type { Publication, RecordEncoder } from './record-encoder.js';
import type { RelayObserver } from './relay-observer.js';
import type { Halt, Look, RelaySession } from './relay-session.js';

/**
 * Polls come at the first pace after an event and slow down to the last one, or to the second while an open transaction
 * holds events back: its end nudges nobody. What is appended does, here or elsewhere.
 */
const BUSY_POLL_MS = 10;
const HELD_POLL_MS = 50;
const IDLE_POLL_MS = 500;
/**
 * After a small batch the relay lets so much time pass before the next: at 500 events a second it would otherwise send
 * each by itself, and the four round trips of a batch would fill a third of a core. What it sends together also wakes
 * those who read together: with 10 instead of 5 ms all processes take a quarter less CPU at that rate, and the median
 * latency is the better for it.
 */
const GATHER_MS = 10;
const SMALL_BATCH = 100;
/** Under a backlog the relay reads on without looking around; it looks at least this often. */
const LOOK_EVERY_MS = 500;

export interface LeadershipOptions {
  session: RelaySession;
  encoder: RecordEncoder;
  publisher: Publisher;
  observe: RelayObserver;
  /** Woken by a nudge. */
  wake: Pause;
  stopped: () => boolean;
}

interface Ahead {
  publications: Publication[];
  /** The read met its limits: another one is worth its while at once. */
  more: boolean;
}

/** One relay's time as the leader: from the stored cursor on, until its session is lost or it is stopped. */
export class Leadership {
  readonly #options: LeadershipOptions;
  /** Streams that stand; kept here so that no batch has to ask for them. */
  readonly #halted = new Set<string>();
  #cursor: LogPlace = { xid: 0, position: 0 };
  /** Ends when the cursor is stored, too. */
  #advanced: Promise<void> = Promise.resolve();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { session, wake, stopped } = this.#options;
    await session.listen(() => wake.wake());
    for (const { stream } of await session.halted()) this.#halted.add(stream);
    this.#cursor = await session.cursor();
    let ahead: Promise<Ahead> | undefined;
    let pollMs = BUSY_POLL_MS;
    /** A nudge came: something was committed here, and is read without asking first. */
    let nudged = false;
    while (!stopped()) {
      if ((ahead === undefined && !nudged) || performance.now() - this.#lookedAt > LOOK_EVERY_MS) {
        const { ready, fenceAgeMs } = await this.#lookAround();
        if (!ready) {
          pollMs = Math.min(pollMs, fenceAgeMs > 0 ? HELD_POLL_MS : IDLE_POLL_MS);
          nudged = await wake.for(pollMs);
          pollMs *= 2;
          continue;
        }
      }
      nudged = false;
      const { publications, more } = await (ahead ?? this.#read(this.#cursor));
      // Under a backlog, the next batch is read and encoded while Kafka stores this one.
      ahead = more ? this.#read(publications.at(-1)!) : undefined;
      ahead?.catch(() => {}); // Thrown where it is awaited, after this batch is done with.
      if (publications.length > 0 && !(await this.#publish(publications))) return;
      pollMs = BUSY_POLL_MS;
      if (ahead === undefined && publications.length < SMALL_BATCH) {
        await gather(GATHER_MS);
        nudged = wake.take();
      }
      await this.#advanced;
    }
  }

  /** What waits. Releases streams where an operator asked for it: between batches, so that order is kept. */
  async #lookAround(): Promise<Look> {
    const { session, observe } = this.#options;
    const look = await session.look(this.#cursor);
    this.#lookedAt = performance.now();
    observe.fenceAge(look.fenceAgeMs);
    if (look.releases) {
      for (const halt of await session.halted()) if (halt.releaseRequested) await this.#release(halt);
    }
    return look;
  }

  async #read(after: LogPlace): Promise<Ahead> {
    const bytes = await this.#options.session.read(after);
    const publications = this.#options.encoder.encode(bytes, false);
    return { publications, more: publications.length === READ_ROWS || bytes.length > READ_BYTES / 2 };
  }

  /** False when the leadership ended before all was stored. */
  async #publish(publications: Publication[]): Promise<boolean> {
    const { session, publisher } = this.#options;
    const published = await publisher.publish(publications, this.#halted, () => this.#leads());
    if (published === undefined) return false;
    const { xid, position } = publications.at(-1)!;
    // Only now: what the cursor passes is never read again.
    const advanced = session.advance({ xid, position }, published.halts);
    this.#advanced = advanced.then(() => this.#report(published, publications));
    this.#advanced.catch(() => {}); // Thrown where it is awaited, before the next batch is read.
    this.#cursor = { xid, position };
    return true;
  }

  /** Publishes what a halted stream held back, up to the cursor; what comes after follows in the ordinary way. */
  async #release(halt: Halt): Promise<void> {
    const { session, encoder, publisher } = this.#options;
    let { xid, position } = halt;
    for (;;) {
      const publications = encoder.encode(await session.readStream(halt.stream, { xid, position }, this.#cursor), true);
      const last = publications.at(-1);
      if (last === undefined) break;
      const published = await publisher.publish(publications, new Set(), () => this.#leads());
      if (published === undefined) return;
      this.#report(published, publications);
      const [again] = published.halts;
      if (again !== undefined) {
        await session.moveHalt(again, false);
        return;
      }
      xid = last.xid;
      position = last.position + 1;
      // So that a new leader goes on from here.
      await session.moveHalt({ ...halt, xid, position }, true);
    }
    await session.endHalt(halt.stream);
    this.#halted.delete(halt.stream);
  }

  #leads(): boolean {
    return !this.#options.stopped() && !this.#options.session.lost;
  }

  #report({ count, halts }: Published, publications: Publication[]): void {
    const { observe } = this.#options;
    for (const { stream, reason } of halts) observe.halted(stream, reason);
    if (count === 0) return;
    const oldest = publications.reduce((min, { recordedAt }) => Math.min(min, recordedAt), Number.POSITIVE_INFINITY);
    observe.published(count, Math.max(0, Date.now() - oldest));
  }
}
