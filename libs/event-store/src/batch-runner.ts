import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Batch, Committer, type NotCommitted } from './commit.js';
import { asStoreError, rejected, violatedConstraint } from './database-failure.js';
import { type Decided, decideAll, type Entry, Faulty } from './decide.js';
import { EventStoreError } from './errors.js';
import { type Loaded, loadStates } from './load.js';
import { appendStatement, type Statement, takeTurnStatement } from './statements.js';
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
  prepare: ((streams: string[]) => Promise<void>) | undefined;
  onAppended: (() => void) | undefined;
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
    this.#committer = new Committer(pool, schema, appendStatement(schema));
  }

  /** Results of the entries in order; fewer when the byte limit was reached: the others are untouched. */
  async run<R>(entries: readonly Entry<R>[], options: RunOptions<R>): Promise<(Executed<R> | Faulty)[]> {
    const learnt: Learnt<R> = { settled: new Map(), isolated: false };
    for (let tries = 1; ; ) {
      const { decided, failure } = await this.#try(entries, options, learnt);
      if (failure === undefined) {
        if (decided!.appends.length > 0) this.#options.onAppended?.();
        return decided!.results;
      }
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
        // At least one entry is settled each time, so this ends.
        for (const [index, error] of failure.failures) learnt.settled.set(decided!.places[index]!, failedEffect(error));
      }
    }
  }

  async loadStream(stream: string): Promise<CurrentState> {
    return (await this.#load([stream], [])).states.get(stream)!;
  }

  async #try<R>(entries: readonly Entry<R>[], options: RunOptions<R>, learnt: Learnt<R>): Promise<Try<R>> {
    const streams = [...new Set(entries.map((entry) => entry.command.stream))];
    const keys = [...new Set(entries.map((entry) => entry.key).filter((key) => key !== undefined))];
    const decide = (loaded: Loaded) => this.#decide(entries, loaded, options, learnt);
    if (Date.now() < this.#takeTurnsUntil) return await this.#tryInTurn(streams, keys, decide);

    const { prepare } = this.#options;
    const [loaded] = await Promise.all([this.#load(streams, keys), prepare?.(streams)]);
    const { decided, batch } = decide(loaded);
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
        const loaded = await loadStates(client, this.#options.schema, streams, keys);
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
    const limits = { eventBytes: this.#options.maxEventBytes, batchBytes: options.batchBytes };
    const decided = decideAll(entries, loaded, learnt.settled, limits);
    const fault = options.atomic ? decided.results.find((result) => result instanceof Faulty) : undefined;
    if (fault instanceof Faulty) throw fault.error;
    const effects = options.withBatch?.(decided.results as Executed<R>[]) ?? [];
    return { decided, batch: { appends: decided.appends, effects, isolated: learnt.isolated } };
  }

  async #load(streams: string[], keys: string[]): Promise<Loaded> {
    const { pool, schema } = this.#options;
    return await withClient(pool, (client) => loadStates(client, schema, streams, keys)).catch((error: unknown) => {
      throw asStoreError(error, schema);
    });
  }
}

function failedEffect(error: unknown): Executed<never> | Faulty {
  const constraint = violatedConstraint(error);
  return constraint === undefined ? new Faulty(rejected(error)) : { kind: 'constraint', constraint };
}
