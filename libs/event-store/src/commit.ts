import type { Pool, PoolClient } from 'pg';
import utils from 'pg/lib/utils.js';
import { AppendQuery, append } from './append-query.js';
import { appendRows } from './append-values.js';
import { asStoreError, connectionBroke, failureOf, isUnsendable } from './database-failure.js';
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
    const { appends, effects, isolated } = batch;
    const ofCommands = appends.flatMap((append) => append.effects);
    if (appends.length === 0 || (isolated && ofCommands.length > 0)) {
      return await this.transaction((client) => this.write(client, batch));
    }
    return await this.#outcomeOf(async (committing) => {
      const query = this.#query(appends, ofCommands, effects);
      await withClient(this.pool, (client) => {
        committing();
        return append(client, query);
      }).catch((error: unknown) => {
        const ofCommand = ofCommands.some(({ name }) => name === query.failed);
        throw ofCommand && this.#isRefused(error) ? new Undone({ kind: 'effect-failed' }) : error;
      });
    });
  }

  /** Runs `work`, in which `write` may be called once, and commits. */
  async transaction(work: (client: PoolClient) => Promise<void>): Promise<NotCommitted | undefined> {
    return await this.#outcomeOf((committing) => inTransaction(this.pool, work, committing));
  }

  async write(client: PoolClient, batch: Batch): Promise<void> {
    // First of all: an effect before it would draw the transaction's id too early (see the append statement).
    if (batch.appends.length > 0) await append(client, new AppendQuery(this.statements, appendRows(batch.appends)));
    if (batch.isolated) await this.#isolatedEffects(client, batch.appends);
    else await this.#effects(client, batch.appends);
    for (const effect of batch.effects) await run(client, effect);
  }

  async #effects(client: PoolClient, appends: Append[]): Promise<void> {
    for (const append of appends) {
      for (const effect of append.effects) {
        await run(client, effect).catch((error: unknown) => {
          throw this.#isRefused(error) ? new Undone({ kind: 'effect-failed' }) : error;
        });
      }
    }
  }

  async #isolatedEffects(client: PoolClient, appends: Append[]): Promise<void> {
    const failures = new Map<number, unknown>();
    for (const [index, append] of appends.entries()) {
      if (append.effects.length === 0) continue;
      await client.query('savepoint before_effects');
      try {
        for (const effect of append.effects) await run(client, effect);
        await client.query('release savepoint before_effects');
      } catch (error) {
        if (!this.#isRefused(error)) throw error;
        failures.set(index, error);
        await client.query('rollback to savepoint before_effects');
      }
    }
    if (failures.size > 0) throw new Undone({ kind: 'effects-failed', failures });
  }

  /** A value that cannot be sent may be one of a command's effects. */
  #query(appends: Append[], ofCommands: SqlEffect[], ofBatch: SqlEffect[]): AppendQuery {
    const rows = appendRows(appends);
    try {
      return new AppendQuery(this.statements, rows, [...ofCommands, ...ofBatch]);
    } catch (error) {
      throw ofCommands.length > 0 && this.#isRefused(error) ? new Undone({ kind: 'effect-failed' }) : error;
    }
  }

  /** The server refused the statement and goes on with the session, or it could not be sent. */
  #isRefused(error: unknown): boolean {
    return failureOf(error, this.schema) === 'refused' && (isUnsendable(error) || !connectionBroke(error));
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
      if (error instanceof EventStoreError) throw error;
      if (failureOf(error, this.schema) === 'conflict') return { kind: 'conflict', cause: error };
      if (committing && connectionBroke(error)) {
        throw new EventStoreError('outcome-unknown', 'the connection broke while committing', { cause: error });
      }
      throw asStoreError(error, this.schema);
    }
  }
}

/** pg that finds a value it cannot send has begun with the statement, and takes it for parsed ever after. */
async function run(client: PoolClient, { name, text, values }: SqlEffect): Promise<void> {
  await client.query({ name, text, values: values.map(utils.prepareValue) });
}
