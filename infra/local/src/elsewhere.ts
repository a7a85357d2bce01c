import pg from 'pg';
import { StackFailure } from './failure.js';
import { provisionKafka } from './kafka/admin.js';
import type { KafkaCredentials } from './kafka/users.js';

const OLDEST_POSTGRES = 18;

/** Servers that the stack uses instead of starting its own. */
export interface Elsewhere {
  /** An administrator's connection to an existing database, PostgreSQL 18 or newer. */
  pgUrl?: string;
  /** `host:port` list of brokers. */
  kafkaBrokers?: string[];
  /** SCRAM-SHA-512; without it the connection is PLAINTEXT. */
  kafkaUser?: KafkaCredentials;
}

/** Throws `bad-option` where the server cannot be used; the message never holds the address' password. */
export async function requireOthersPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int / 10000 as version`,
    );
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_POSTGRES) {
      throw new StackFailure(
        'bad-option',
        `SLUICE_PG_URL names PostgreSQL ${version}, and Sluice needs ${OLDEST_POSTGRES} or newer; name another server, or unset it to use the embedded one.`,
      );
    }
  } catch (error) {
    if (error instanceof StackFailure) throw error;
    throw new StackFailure(
      'bad-option',
      `The PostgreSQL that SLUICE_PG_URL names does not let us in (${reasonOf(error)}); correct it, or unset it to use the embedded one.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/** Creates the topics there. Their access rights are the business of whoever runs those brokers. */
export async function provisionOthersKafka(brokers: string[], user: KafkaCredentials | undefined): Promise<void> {
  try {
    await provisionKafka(brokers, { ...(user && { credentials: user }), acls: false });
  } catch (error) {
    throw new StackFailure(
      'bad-option',
      `The brokers that SLUICE_KAFKA_BROKERS names cannot be used (${reasonOf(error)}); correct it, or unset it to use the embedded one.`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return message || code || 'no reason given';
}
