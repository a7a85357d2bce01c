import type { Pool, PoolClient } from 'pg';
import { append } from './append-query.js';
import { appendRows } from './append-values.js';
import { asStoreError, connectionBroke, failureOf } from './database-failure.js';
import type { Append } from './decide.js';
import { EventStoreError } from './errors.js';
import type { AppendStatements } from './statements.js';
import { inTransaction, withClient } from './transaction.js';
import type { SqlEffect } from './types.js';

export interface Batch {
  appends: Append[];
  /** Effects of the batch as a whole, after those of its commands. */
  effects: SqlEffect[];
  /** Whether each command's effects run under a savepoint, so that all whose effects fail are found in one go. */
  isolated: boolean;
}

/**
 * Why nothing of a batch was stored.
 * - `conflict`: another writer was first.
 * - `effect-failed`: an effect of some command cannot be had; an isolated try tells which others.
 * - `effects-failed`: effects of these appends, by index, cannot be had.
 */
export type NotCommitted =
  | { kind: 'conflict'; cause: unknown }
  | { kind: 'effect-failed' }
  | { kind: 'effects-failed'; failures: Map<number, unknown> };

/** Leaves a transaction whose effects failed; never leaves this file. */
class Undone extends Error {
  constructor(readonly why: NotCommitted) {
    super(why.kind);
  }
}

export class Committer {
  constructor(
    readonly pool: Pool,
    readonly schema: string,
    readonly statements: AppendStatements,
  ) {}

  /** Stores a batch whole; undefined when it did. */
  async commit(batch: Batch): Promise<NotCommitted | undefined> {
    const plain = batch.effects.length === 0 && batch.appends.every((append) => append.effects.length === 0);
    if (!plain) return await this.transaction((client) => this.write(client, batch));
    return await this.#outcomeOf((committing) =>
      withClient(this.pool, async (client) => {
        committing();
        await append(client, this.statements, appendRows(batch.appends));
      }),
    );
  }

  /** Runs `work`, in which `write` may be called once, and commits. */
  async transaction(work: (client: PoolClient) => Promise<void>): Promise<NotCommitted | undefined> {
    return await this.#outcomeOf((committing) => inTransaction(this.pool, work, committing));
  }

  async write(client: PoolClient, batch: Batch): Promise<void> {
    // First of all: an effect before it would draw the transaction's id too early (see the append statement).
    if (batch.appends.length > 0) await append(client, this.statements, appendRows(batch.appends));
    if (batch.isolated) await this.#isolatedEffects(client, batch.appends);
    else await this.#effects(client, batch.appends);
    for (const effect of batch.effects) await client.query(effect);
  }

  async #effects(client: PoolClient, appends: Append[]): Promise<void> {
    for (const append of appends) {
      for (const effect of append.effects) {
        await client.query(effect).catch((error: unknown) => {
          throw this.#isRefused(error) ? new Undone({ kind: 'effect-failed' }) : error;
        });
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
        if (!this.#isRefused(error)) throw error;
        failures.set(index, error);
        await client.query('rollback to savepoint before_effects');
      }
    }
    if (failures.size > 0) throw new Undone({ kind: 'effects-failed', failures });
  }

  #isRefused(error: unknown): boolean {
    return failureOf(error, this.schema) === 'refused';
  }

  /** Throws an `EventStoreError` when the database is away or refuses the batch as such. */
  async #outcomeOf(work: (committing: () => void) => Promise<unknown>): Promise<NotCommitted | undefined> {
    let committing = false;
    try {
      await work(() => {
        committing = true;
      });
      return undefined;
    } catch (error) {
      if (error instanceof Undone) return error.why;
      if (failureOf(error, this.schema) === 'conflict') return { kind: 'conflict', cause: error };
      if (committing && connectionBroke(error)) {
        throw new EventStoreError('outcome-unknown', 'the connection broke while committing', { cause: error });
      }
      throw asStoreError(error, this.schema);
    }
  }
}
