import { Admin } from '@platformatic/kafka';
import { clientOptions, type KafkaConnection } from './connection.js';

/** A client for administration that lives as long as `use`. */
export async function withAdmin<T>(connection: KafkaConnection, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ ...clientOptions(connection), retries: 10, retryDelay: 300 });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}
