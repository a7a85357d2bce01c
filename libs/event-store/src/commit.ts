import type { Pool, PoolClient } from 'pg';
import { appendValues } from './append-values.js';
import { asStoreError, connectionBroke, failureOf } from './database-failure.js';
import type { Append } from './decide.js';
import { EventStoreError } from './errors.js';
import type { Statement } from './statements.js';
import { inTransaction } from './transaction.js';
import type { SqlEffect } from './types.js';

/**
 * How an attempt to store a batch ended.
 * - `conflict`: another writer was first; nothing was stored.
 * - `effects-failed`: effects of these appends (by index, with the error of each) cannot be had; nothing was stored.
 */
export type Committed =
  | { kind: 'committed' }
  | { kind: 'conflict'; cause: unknown }
  | { kind: 'effects-failed'; failures: Map<number, unknown> };

export interface Batch {
  appends: Append[];
  /** Effects of the batch as a whole, after those of its commands. */
  effects: SqlEffect[];
}

/** Undoes a transaction whose effects failed; never leaves this file. */
class EffectsFailed extends Error {
  constructor(readonly failures: Map<number, unknown>) {
    super('effects failed');
  }
}

/** An effect of a command failed outside a savepoint: the transaction is lost, and which others would fail is unknown. */
class EffectFailed extends Error {}

export class Committer {
  constructor(
    readonly pool: Pool,
    readonly schema: string,
    readonly append: Statement,
  ) {}

  /** Throws an `EventStoreError` when the database is away or refuses the batch as such. */
  async commit(batch: Batch): Promise<Committed> {
    const plain = batch.effects.length === 0 && batch.appends.every((append) => append.effects.length === 0);
    if (plain) return await this.#appendAlone(batch);
    const committed = await this.#withEffects(batch, false);
    // Now under savepoints, to learn of every command whose effects fail, not only of the first.
    return committed ?? (await this.#withEffects(batch, true))!;
  }

  async #appendAlone(batch: Batch): Promise<Committed> {
    try {
      await this.pool.query({ ...this.append, values: appendValues(batch.appends) });
      return { kind: 'committed' };
    } catch (error) {
      return this.#conflictOr(error, true);
    }
  }

  /** Undefined when an effect of a command failed and `isolated` was not set. */
  async #withEffects(batch: Batch, isolated: boolean): Promise<Committed | undefined> {
    let committing = false;
    try {
      await inTransaction(
        this.pool,
        async (client) => {
          // First of all: an effect before it would draw the transaction's id too early (see the append statement).
          if (batch.appends.length > 0) await client.query({ ...this.append, values: appendValues(batch.appends) });
          if (isolated) await this.#isolatedEffects(client, batch.appends);
          else await this.#effects(client, batch.appends);
          for (const effect of batch.effects) await client.query(effect);
        },
        () => {
          committing = true;
        },
      );
      return { kind: 'committed' };
    } catch (error) {
      if (error instanceof EffectFailed) return undefined;
      if (error instanceof EffectsFailed) return { kind: 'effects-failed', failures: error.failures };
      return this.#conflictOr(error, committing);
    }
  }

  async #effects(client: PoolClient, appends: Append[]): Promise<void> {
    for (const append of appends) {
      for (const effect of append.effects) {
        try {
          await client.query(effect);
        } catch (error) {
          throw failureOf(error, this.schema) === 'refused'
            ? new EffectFailed('effect failed', { cause: error })
            : error;
        }
      }
    }
  }

  async #isolatedEffects(client: PoolClient, appends: Append[]): Promise<void> {
    const failures = new Map<number, unknown>();
    for (const [index, append] of appends.entries()) {
      await client.query('savepoint before_effects');
      try {
        for (const effect of append.effects) await client.query(effect);
        await client.query('release savepoint before_effects');
      } catch (error) {
        if (failureOf(error, this.schema) !== 'refused') throw error;
        failures.set(index, error);
        await client.query('rollback to savepoint before_effects');
      }
    }
    if (failures.size > 0) throw new EffectsFailed(failures);
  }

  #conflictOr(error: unknown, committing: boolean): Committed {
    if (failureOf(error, this.schema) === 'conflict') return { kind: 'conflict', cause: error };
    if (committing && connectionBroke(error)) {
      throw new EventStoreError('outcome-unknown', 'the connection broke while committing', { cause: error });
    }
    throw asStoreError(error, this.schema);
  }
}
