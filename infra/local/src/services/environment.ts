import type { ServiceName } from '@sluice/contracts';
import { jwksUrl } from '../kafka/broker-properties.js';
import { kafkaPassword } from '../kafka/users.js';
import type { Secrets } from '../secrets.js';
import { serviceDatabaseUrl } from './roles.js';

/** What the stack's log is called; its key and its witness go by it. */
export const LOG_ORIGIN = 'sluice.local/log';

/** Where the services find everything, whoever runs it. */
export interface Surroundings {
  postgresUrl: string;
  kafkaBrokers: string[];
  /** For the stack's own broker each service has its user; on another's broker all share what was given, if anything. */
  sharedKafkaUser: { username: string; password: string } | 'none' | undefined;
  issuerUrl: string;
  keyDirectory: string;
  /** Of audit's verifiable log. */
  logDirectory: string;
  /** `<verifier key> <URL>` of the witness that audit asks, where there is one. */
  witness?: string;
  secrets: Secrets;
}

/** The environment variables a service reads (libs/platform). */
export function serviceEnvironment(
  name: ServiceName,
  instance: string,
  port: number,
  around: Surroundings,
): Record<string, string> {
  return {
    NODE_ENV: 'production',
    SLUICE_SERVICE_PORT: String(port),
    SLUICE_INSTANCE: instance,
    SLUICE_DATABASE_URL: serviceDatabaseUrl(around.postgresUrl, around.secrets, name),
    SLUICE_KAFKA_BROKERS: around.kafkaBrokers.join(','),
    SLUICE_ISSUER: around.issuerUrl,
    SLUICE_JWKS_URL: jwksUrl(around.issuerUrl),
    SLUICE_KEY_DIR: around.keyDirectory,
    ...account('SLUICE_KAFKA', name, around),
    ...(name === 'audit' && {
      SLUICE_LOG_DIR: around.logDirectory,
      SLUICE_LOG_ORIGIN: LOG_ORIGIN,
      ...(around.witness && { SLUICE_LOG_WITNESSES: around.witness }),
    }),
    ...(name === 'delivery' && account('SLUICE_KAFKA_PROVISIONER', 'provisioner', around)),
  };
}

function account(prefix: string, user: ServiceName | 'provisioner', around: Surroundings): Record<string, string> {
  if (around.sharedKafkaUser === 'none') return {};
  const { username, password } = around.sharedKafkaUser ?? {
    username: user,
    password: kafkaPassword(around.secrets, user),
  };
  return { [`${prefix}_USERNAME`]: username, [`${prefix}_PASSWORD`]: password };
}
