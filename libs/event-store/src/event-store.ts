import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import { BatchQueue, type Waiting } from './batch-queue.js';
import { BatchRunner } from './batch-runner.js';
import { asStoreError } from './database-failure.js';
import { assertUuid, type Entry, Faulty } from './decide.js';
import { EventStoreError } from './errors.js';
import { plainName, readStreamAsOfText, readStreamText, readVersionsText } from './statements.js';
import { StreamMemory } from './stream-memory.js';
import type { Command, CurrentState, EventContext, Executed, SqlEffect, StoredEvent } from './types.js';
import { UpcasterRegistry } from './upcaster-registry.js';

const DEFAULT_MAX_EVENT_BYTES = 256 * 1024;
/** Bytes of one batch of single commands: what one statement carries without anybody noticing a pause. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export interface EventStoreOptions {
  /** The service's own pool; the store holds at most four of its connections, each only while a statement or a transaction runs. */
  pool: Pool;
  schema: string;
  /** Largest payload of one event, in bytes; 256 KiB when absent. */
  maxEventBytes?: number;
  /** Runs before decisions with the streams they are about, eg to load data keys. Its error fails the batch as it is. */
  prepare?: (streams: string[]) => Promise<void>;
  /** Called after every commit that appended, eg to nudge the relay. */
  onAppended?: () => void;
  /** Applied by `readStream`. */
  upcasters?: UpcasterRegistry;
  /** Streams whose memos are kept (see `Outcome`); none when absent. */
  remember?: number;
  /**
   * With more than 1, a stream's state is stored at its first version and every so-many-th after, and `CurrentState.since`
   * has the events behind it: a remembered stream then costs less to change, one that is not costs more. Appends are of
   * one event each. 1 when absent.
   */
  stateEvery?: number;
}

/** Some of the versions of a stream. */
export interface StreamPart {
  /** Exclusive. */
  after?: number;
  /** Inclusive. */
  until?: number;
}

/** PostgreSQL's largest integer. */
const LAST_VERSION = 2 ** 31 - 1;

/** Commands that wait for their batch: one, or the whole of an `executeAll`. */
interface Work extends Waiting {
  entries: Entry<unknown>[];
  withBatch?: ((results: Executed<unknown>[]) => SqlEffect[]) | undefined;
  resolve(results: Executed<unknown>[]): void;
  reject(error: unknown): void;
}

/**
 * Appends events under expected versions. Concurrent commands share a statement and a commit;
 * an answer always follows the commit. Failures of the store itself are `EventStoreError`s.
 */
export class EventStore {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #runner: BatchRunner;
  readonly #queue: BatchQueue<Work>;
  readonly #upcasters: UpcasterRegistry;
  #closed = false;

  constructor(options: EventStoreOptions) {
    const { pool, maxEventBytes = DEFAULT_MAX_EVENT_BYTES, stateEvery = 1, prepare, onAppended, remember } = options;
    const memory = remember === undefined ? undefined : new StreamMemory(remember);
    this.#pool = pool;
    this.#schema = plainName(options.schema);
    this.#upcasters = options.upcasters ?? new UpcasterRegistry();
    const schema = this.#schema;
    this.#runner = new BatchRunner({ pool, schema, maxEventBytes, stateEvery, prepare, onAppended, memory });
    this.#queue = new BatchQueue((batch) => this.#runBatch(batch));
  }

  /** Decides one command and stores what it wants, in a batch with whatever else is waiting. */
  async execute<R>(command: Command<R>): Promise<Executed<R>> {
    const results = await this.#enqueue([command], true, undefined);
    return results[0]!;
  }

  /**
   * Decides commands in order and stores all they want in one transaction: all of it or, when this rejects, nothing.
   * Commands on one stream see each other's outcome. `withBatch` is given the results (again with every try) and its
   * effects commit with them; a constraint that these effects break rejects the whole.
   */
  async executeAll<R>(
    commands: Command<R>[],
    withBatch?: (results: Executed<R>[]) => SqlEffect[],
  ): Promise<Executed<R>[]> {
    return await this.#enqueue(commands, false, withBatch);
  }

  async load(stream: string): Promise<CurrentState> {
    assertUuid(stream);
    this.#assertOpen();
    return await this.#runner.loadStream(stream);
  }

  /** The stream's events in order, from `fromVersion` on: all, or the first `limit`. */
  async readStream(stream: string, fromVersion = 1, limit?: number): Promise<StoredEvent[]> {
    return await this.#read(stream, readStreamText(this.#schema), [fromVersion, limit ?? null]);
  }

  /** The events of these versions, in order; those that there are. */
  async readVersions(stream: string, versions: readonly number[]): Promise<StoredEvent[]> {
    return await this.#read(stream, readVersionsText(this.#schema), [versions]);
  }

  /**
   * The stream as it stood at `at`, by the recorded times of its events: all before the first that was recorded later.
   * Recorded times are compared in milliseconds, as everybody sees them; an event of the very instant stands.
   * @param part where the caller knows that the events up to version `after` stand, those behind it; and where they know
   * that not all up to `until` do, none beyond it
   */
  async readStreamAsOf(stream: string, at: Date, part: StreamPart = {}): Promise<StoredEvent[]> {
    const { after = 0, until = LAST_VERSION } = part;
    const before = new Date(at.getTime() + 1);
    const events = await this.#read(stream, readStreamAsOfText(this.#schema), [after + 1, until, before]);
    // A clock that was set back may have recorded an event before the one it follows.
    const gap = events.findIndex(({ version }, index) => version !== after + index + 1);
    return gap === -1 ? events : events.slice(0, gap);
  }

  /** Takes no more commands and resolves when those taken are answered. The pool stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.idle();
  }

  async #read(stream: string, text: string, bounds: unknown[]): Promise<StoredEvent[]> {
    assertUuid(stream);
    this.#assertOpen();
    try {
      const result = await this.#pool.query<EventRow>(text, [stream, ...bounds]);
      return result.rows.map((row) => ({
        stream,
        version: row.version,
        eventId: row.event_id,
        contentType: row.content_type,
        context: row.context,
        recordedAt: row.recorded_at,
        ...this.#upcasters.upcast(row.type, row.payload),
      }));
    } catch (error) {
      throw asStoreError(error, this.#schema);
    }
  }

  async #enqueue<R>(
    commands: Command<R>[],
    shares: boolean,
    withBatch: ((results: Executed<R>[]) => SqlEffect[]) | undefined,
  ): Promise<Executed<R>[]> {
    this.#assertOpen();
    const names = new Set<string>();
    const entries = commands.map((command): Entry<R> => {
      assertUuid(command.stream);
      names.add(command.stream);
      if (command.idempotency === undefined) return { command, key: undefined };
      const key = hash('sha256', command.idempotency.key, 'hex');
      names.add(key);
      return { command, key };
    });
    return await new Promise<Executed<R>[]>((resolve, reject) => {
      this.#queue.add({
        entries,
        shares,
        names: [...names],
        // The queue mixes work of many result types; each gets back the results of its own entries.
        withBatch: withBatch as Work['withBatch'],
        resolve: resolve as Work['resolve'],
        reject,
      });
    });
  }

  async #runBatch(batch: Work[]): Promise<Work[]> {
    try {
      if (batch[0]!.shares) return await this.#runShared(batch);
      const results = await this.#runTogether(batch);
      for (const [index, work] of batch.entries()) work.resolve(results[index]!);
    } catch (error) {
      const known = !(error instanceof EventStoreError && error.code === 'outcome-unknown');
      // One's trouble must not become that of the others.
      if (batch.length > 1 && known) for (const work of batch) await this.#runBatch([work]);
      else for (const work of batch) work.reject(error);
    }
    return [];
  }

  /** Batches of their own in one transaction, each with its effects. */
  async #runTogether(batch: readonly Work[]): Promise<Executed<unknown>[][]> {
    const partsOf = (results: readonly Executed<unknown>[]): Executed<unknown>[][] => {
      let from = 0;
      return batch.map(({ entries }) => {
        const part = results.slice(from, from + entries.length);
        from += entries.length;
        return part;
      });
    };
    const entries = batch.flatMap((work) => work.entries);
    const withBatch = (results: Executed<unknown>[]): SqlEffect[] => {
      const parts = partsOf(results);
      return batch.flatMap((work, index) => work.withBatch?.(parts[index]!) ?? []);
    };
    const results = await this.#runner.run(entries, { batchBytes: Infinity, withBatch, atomic: true });
    return partsOf(results as Executed<unknown>[]);
  }

  async #runShared(batch: Work[]): Promise<Work[]> {
    const entries = batch.map((work) => work.entries[0]!);
    const results = await this.#runner.run(entries, { batchBytes: MAX_BATCH_BYTES, atomic: false });
    for (const [index, result] of results.entries()) {
      const work = batch[index]!;
      if (result instanceof Faulty) work.reject(result.error);
      else work.resolve([result]);
    }
    return batch.slice(results.length);
  }

  #assertOpen(): void {
    if (this.#closed) throw new EventStoreError('closed', 'the event store is closed');
  }
}

interface EventRow {
  version: number;
  type: string;
  event_id: string;
  content_type: string;
  context: EventContext;
  payload: Buffer;
  recorded_at: Date;
}
