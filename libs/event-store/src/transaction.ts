import type { Pool, PoolClient } from 'pg';

/**
 * Runs `work` between `begin` and `commit` on one connection; rolls back when it throws.
 * A connection that broke, or could not roll back, leaves the pool. `onCommit` is called just before `commit` is sent.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  onCommit: () => void = () => {},
): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  // pg emits the error of an idle connection; without a listener it would end the process.
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    onCommit();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
