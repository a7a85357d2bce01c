import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { SERVICES } from '@sluice/contracts';
import type { Secrets } from '../secrets.js';

/**
 * `broker` is the broker to itself; `admin` sets up topics and rights, and is what tests use; `provisioner` makes the
 * feeds of agencies; each service has its own.
 */
export const KAFKA_USERS = ['broker', 'admin', 'provisioner', ...SERVICES] as const;
export type KafkaUser = (typeof KAFKA_USERS)[number];

/** Whom to be on the INTERNAL listener (SCRAM-SHA-512). */
export interface KafkaCredentials {
  username: string;
  password: string;
}

/** Twice Kafka's lowest; a client computes them once per connection (about 5 ms). */
const SCRAM_ITERATIONS = 8192;

export function kafkaPassword(secrets: Secrets, user: KafkaUser | 'controller'): string {
  return secrets.get(`kafka-${user}`);
}

/** The value for StorageTool's --add-scram: salted and hashed here, since other users can see a command line. */
export function scramCredential(user: KafkaUser, password: string): string {
  const salt = randomBytes(24);
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 64, 'sha512');
  return `SCRAM-SHA-512=[name="${user}",iterations=${SCRAM_ITERATIONS},salt="${salt.toString('base64')}",saltedpassword="${salted.toString('base64')}"]`;
}
