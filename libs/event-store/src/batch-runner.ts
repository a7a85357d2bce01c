import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Batch, Committer, type NotCommitted } from './commit.js';
import { asStoreError, rejected, violatedConstraint } from './database-failure.js';
import { type Decided, decideAll, type Entry, Faulty } from './decide.js';
import { EventStoreError } from './errors.js';
import { type Loaded, loadStates, movedStreams, nothingLoaded } from './load.js';
import { appendStatements, type Statement, takeTurnStatement } from './statements.js';
import type { StreamMemory } from './stream-memory.js';
import { withClient } from './transaction.js';
import type { CurrentState, Executed, SqlEffect } from './types.js';

/** How often a batch is decided because other writers were first. */
const MAX_TRIES = 5;
/** The pause before a try is random below this times the tries so far. */
const CONFLICT_PAUSE_MS = 5;
/**
 * After a conflict, batches lock their streams before they load, so that instances take turns: otherwise, with two
 * instances and eight callers each on the same three streams, one try in three is lost and one batch in a hundred
 * loses five times. Locks cost two round trips, so they are given up when there was no conflict for this long.
 */
const TAKE_TURNS_MS = 1_000;

export interface BatchRunnerOptions {
  pool: Pool;
  schema: string;
  maxEventBytes: number;
  stateEvery: number;
  prepare: ((streams: string[]) => Promise<void>) | undefined;
  onAppended: (() => void) | undefined;
  memory: StreamMemory | undefined;
}

export interface RunOptions<R> {
  /** Payload and state bytes after which no further command is decided. */
  batchBytes: number;
  /** Effects of the whole batch, given its results; asked for again with every try. */
  withBatch?: ((results: Executed<R>[]) => SqlEffect[]) | undefined;
  /** Whether one faulty command fails the batch, which it must where the batch is promised to be atomic. */
  atomic: boolean;
}

/** What the tries before have shown. */
interface Learnt<R> {
  /** Results of entries that are not to be decided again. */
  settled: Map<number, Executed<R> | Faulty>;
  isolated: boolean;
}

interface Decision<R> {
  decided: Decided<R>;
  batch: Batch;
}

interface Try<R> {
  /** Absent only where another writer was first before anything was decided. */
  decided: Decided<R> | undefined;
  failure: NotCommitted | undefined;
}

/** Loads, decides and commits one batch, again when others were first, without those whose effects cannot be had. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions;
  readonly #takeTurn: Statement;
  readonly #committer: Committer;
  #takeTurnsUntil = 0;

  constructor(options: BatchRunnerOptions) {
    const { pool, schema } = options;
    this.#options = options;
    this.#takeTurn = takeTurnStatement(schema);
    this.#committer = new Committer(pool, schema, appendStatements(schema));
  }

  /** Results of the entries in order; fewer when the byte limit was reached: the others are untouched. */
  async run<R>(entries: readonly Entry<R>[], options: RunOptions<R>): Promise<(Executed<R> | Faulty)[]> {
    try {
      return await this.#run(entries, options);
    } catch (error) {
      // Whether it was stored is not always known.
      this.#options.memory?.forget(entries.map((entry) => entry.command.stream));
      throw error;
    }
  }

  async loadStream(stream: string): Promise<CurrentState> {
    return (await this.#load([stream], [])).states.get(stream)!;
  }

  async #run<R>(entries: readonly Entry<R>[], options: RunOptions<R>): Promise<(Executed<R> | Faulty)[]> {
    const { memory, onAppended } = this.#options;
    const learnt: Learnt<R> = { settled: new Map(), isolated: false };
    for (let tries = 1; ; ) {
      const { decided, failure } = await this.#try(entries, options, learnt);
      if (failure === undefined) {
        if (decided!.appends.length > 0) {
          memory?.remember(decided!.appends);
          onAppended?.();
        }
        return decided!.results;
      }
      memory?.forget(entries.map((entry) => entry.command.stream));
      if (failure.kind === 'conflict') {
        this.#takeTurnsUntil = Date.now() + TAKE_TURNS_MS;
        if (tries === MAX_TRIES) {
          throw new EventStoreError('contended', `other writers were first, ${tries} times`, { cause: failure.cause });
        }
        await sleep(Math.random() * CONFLICT_PAUSE_MS * tries);
        tries += 1;
      } else if (failure.kind === 'effect-failed') {
        learnt.isolated = true;
      } else {
        // At least one entry is settled each time, so this ends. What is left has passed once, and goes together again.
        learnt.isolated = false;
        for (const [index, error] of failure.failures) learnt.settled.set(decided!.places[index]!, failedEffect(error));
      }
    }
  }

  async #try<R>(entries: readonly Entry<R>[], options: RunOptions<R>, learnt: Learnt<R>): Promise<Try<R>> {
    const streams = [...new Set(entries.map((entry) => entry.command.stream))];
    const keys = [...new Set(entries.map((entry) => entry.key).filter((key) => key !== undefined))];
    const decide = (loaded: Loaded) => this.#decide(entries, loaded, options, learnt);
    if (Date.now() < this.#takeTurnsUntil) return await this.#tryInTurn(streams, keys, decide);

    const { prepare } = this.#options;
    const [loaded] = await Promise.all([this.#recallOrLoad(streams, keys), prepare?.(streams)]);
    const { decided, batch } = decide(loaded);
    // What has moved on is forgotten by now, so that this ends.
    if (await this.#haveMoved(decided.doubtful)) return await this.#try(entries, options, learnt);
    const empty = batch.appends.length === 0 && batch.effects.length === 0;
    return { decided, failure: empty ? undefined : await this.#committer.commit(batch) };
  }

  async #tryInTurn<R>(streams: string[], keys: string[], decide: (loaded: Loaded) => Decision<R>): Promise<Try<R>> {
    await this.#options.prepare?.(streams);
    let decision: Decision<R> | undefined;
    let callersError: { error: unknown } | undefined;
    try {
      const failure = await this.#committer.transaction(async (client) => {
        // Draws no transaction id: that stays with the append.
        await client.query({ ...this.#takeTurn, values: [`{${[...streams, ...keys].join(',')}}`] });
        const loaded = await loadStates(client, this.#options, streams, keys);
        try {
          decision = decide(loaded);
        } catch (error) {
          callersError = { error };
          throw error;
        }
        await this.#committer.write(client, decision.batch);
      });
      return { decided: decision?.decided, failure };
    } catch (error) {
      throw callersError === undefined ? error : callersError.error;
    }
  }

  /** Throws what a command of an atomic batch, or `withBatch`, threw. */
  #decide<R>(entries: readonly Entry<R>[], loaded: Loaded, options: RunOptions<R>, learnt: Learnt<R>): Decision<R> {
    const { maxEventBytes: eventBytes, stateEvery } = this.#options;
    const limits = { eventBytes, batchBytes: options.batchBytes, stateEvery };
    const decided = decideAll(entries, loaded, learnt.settled, limits);
    const fault = options.atomic ? decided.results.find((result) => result instanceof Faulty) : undefined;
    if (fault instanceof Faulty) throw fault.error;
    const effects = options.withBatch?.(decided.results as Executed<R>[]) ?? [];
    return { decided, batch: { appends: decided.appends, effects, isolated: learnt.isolated } };
  }

  async #recallOrLoad(streams: string[], keys: string[]): Promise<Loaded> {
    const { memory } = this.#options;
    if (memory === undefined) return await this.#load(streams, keys);
    const recalled = new Map<string, CurrentState>();
    const unknown: string[] = [];
    for (const stream of streams) {
      const state = memory.recall(stream);
      if (state === undefined) unknown.push(stream);
      else recalled.set(stream, state);
    }
    const loaded = await this.#load(unknown, keys);
    for (const [stream, state] of recalled) loaded.states.set(stream, state);
    return { ...loaded, recalled };
  }

  async #haveMoved(doubtful: ReadonlyMap<string, number>): Promise<boolean> {
    if (doubtful.size === 0) return false;
    const { pool, schema, memory } = this.#options;
    const moved = await withClient(pool, (client) => movedStreams(client, schema, doubtful)).catch((error: unknown) => {
      throw asStoreError(error, schema);
    });
    memory?.forget(moved);
    return moved.length > 0;
  }

  async #load(streams: string[], keys: string[]): Promise<Loaded> {
    if (streams.length === 0 && keys.length === 0) return nothingLoaded();
    const { pool, schema } = this.#options;
    return await withClient(pool, (client) => loadStates(client, this.#options, streams, keys)).catch(
      (error: unknown) => {
        throw asStoreError(error, schema);
      },
    );
  }
}

function failedEffect(error: unknown): Executed<never> | Faulty {
  const constraint = violatedConstraint(error);
  return constraint === undefined ? new Faulty(rejected(error)) : { kind: 'constraint', constraint };
}
