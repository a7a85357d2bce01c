import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { Committer } from './commit.js';
import { asStoreError, rejected, violatedConstraint } from './database-failure.js';
import { decideAll, type Entry, Faulty } from './decide.js';
import { EventStoreError } from './errors.js';
import { type Loaded, loadStates } from './load.js';
import { appendStatement, loadStatement, type Statement } from './statements.js';
import type { CurrentState, Executed, SqlEffect } from './types.js';

/** How often a batch is decided anew because other writers were first. */
const MAX_TRIES = 5;
/** The pause before a try is random below this times the tries so far, so that two instances do not meet again. */
const CONFLICT_PAUSE_MS = 5;

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

/** Loads, decides and commits one batch, again when others were first, without those whose effects cannot be had. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions;
  readonly #load: Statement;
  readonly #committer: Committer;

  constructor(options: BatchRunnerOptions) {
    this.#options = options;
    this.#load = loadStatement(options.schema);
    this.#committer = new Committer(options.pool, options.schema, appendStatement(options.schema));
  }

  /** Results of the entries in order; fewer when the byte limit was reached: the others are untouched. */
  async run<R>(entries: readonly Entry<R>[], options: RunOptions<R>): Promise<(Executed<R> | Faulty)[]> {
    const settled = new Map<number, Executed<R> | Faulty>();
    for (let tries = 1; ; ) {
      const loaded = await this.#loadFor(entries);
      const limits = { eventBytes: this.#options.maxEventBytes, batchBytes: options.batchBytes };
      const { results, appends, places } = decideAll(entries, loaded, settled, limits);
      const fault = options.atomic ? results.find((result) => result instanceof Faulty) : undefined;
      if (fault instanceof Faulty) throw fault.error;
      const effects = options.withBatch?.(results as Executed<R>[]) ?? [];
      if (appends.length === 0 && effects.length === 0) return results;

      const committed = await this.#committer.commit({ appends, effects });
      if (committed.kind === 'committed') {
        if (appends.length > 0) this.#options.onAppended?.();
        return results;
      }
      if (committed.kind === 'conflict') {
        if (tries === MAX_TRIES) {
          throw new EventStoreError('contended', `other writers were first, ${MAX_TRIES} times`, {
            cause: committed.cause,
          });
        }
        await sleep(Math.random() * CONFLICT_PAUSE_MS * tries);
        tries += 1;
      } else {
        // At least one entry is settled each time, so this ends.
        for (const [index, error] of committed.failures) settled.set(places[index]!, failedEffect(error));
      }
    }
  }

  async loadStream(stream: string): Promise<CurrentState> {
    const { pool, schema } = this.#options;
    try {
      return (await loadStates(pool, this.#load, [stream], [])).states.get(stream)!;
    } catch (error) {
      throw asStoreError(error, schema);
    }
  }

  /** What a decision on these entries needs: data keys, states and earlier replies. */
  async #loadFor(entries: readonly Entry<unknown>[]): Promise<Loaded> {
    const streams = [...new Set(entries.map((entry) => entry.command.stream))];
    const keys = [...new Set(entries.map((entry) => entry.key).filter((key) => key !== undefined))];
    const { pool, prepare, schema } = this.#options;
    const loading = loadStates(pool, this.#load, streams, keys).catch((error: unknown) => {
      throw asStoreError(error, schema);
    });
    const [loaded] = await Promise.all([loading, prepare?.(streams)]);
    return loaded;
  }
}

function failedEffect(error: unknown): Executed<never> | Faulty {
  const constraint = violatedConstraint(error);
  return constraint === undefined ? new Faulty(rejected(error)) : { kind: 'constraint', constraint };
}
