import type { Pool, PoolClient } from 'pg';
import { connectionBroke } from './database-failure.js';

/**
 * Lends a connection. Unlike `pool.query` it keeps the connection after an error of the statement, which in a conflict
 * is no fault of the connection; one that broke leaves the pool.
 */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  // pg emits the error of a connection on which nothing runs; without a listener it would end the process.
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    // A server that ends a session says so in an error; the connection closes a moment later.
    broken ||= connectionBroke(error);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** Runs `work` between `begin` and `commit`; rolls back when it throws. `onCommit` is called just before `commit` is sent. */
export async function inTransaction(
  pool: Pool,
  work: (client: PoolClient) => Promise<void>,
  onCommit: () => void,
): Promise<void> {
  const undone = await withClient(pool, async (client) => {
    await client.query('begin');
    try {
      await work(client);
    } catch (error) {
      await client.query('rollback');
      // Thrown below: the connection is in order.
      return { error };
    }
    onCommit();
    await client.query('commit');
    return undefined;
  });
  if (undone) throw undone.error;
}
