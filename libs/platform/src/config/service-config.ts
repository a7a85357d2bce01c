import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a service reaches Kafka. Without a username the connection is PLAINTEXT, with one it is SCRAM-SHA-512. */
export interface KafkaAccess {
  readonly brokers: string[];
  readonly username?: string;
  readonly password?: string;
  readonly clientId: string;
}

/** What every service reads from its environment (`SLUICE_…`), once, at its start. */
export interface ServiceConfig {
  /** TCP port of the HTTP interface; 0 takes a free one. */
  readonly port: number;
  /** Address it listens on; the loopback unless told otherwise (a container says 0.0.0.0). */
  readonly host: string;
  /** The service's own role; it can reach its own schema and nothing else. */
  readonly databaseUrl: string;
  readonly kafka: KafkaAccess;
  /** Delivery only: the account that creates feed topics and their ACLs. */
  readonly kafkaProvisioner?: { readonly username: string; readonly password: string };
  /** `iss` of accepted tokens. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** `aud` of accepted tokens. */
  readonly audience: string;
  /** Folder of the key files. */
  readonly keyDir: string;
  readonly logLevel: LogLevel;
  /** Tells two processes of one service apart in logs, metrics and group members. */
  readonly instance: string;
}

const environment = z.object({
  SLUICE_SERVICE_PORT: z.coerce.number().int().min(0).max(65_535),
  SLUICE_SERVICE_HOST: z.string().min(1).default('127.0.0.1'),
  SLUICE_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /.*/ }),
  SLUICE_KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$|^\[[^\s\]]+\]:\d+$/)).min(1)),
  SLUICE_KAFKA_USERNAME: z.string().min(1).optional(),
  SLUICE_KAFKA_PASSWORD: z.string().min(1).optional(),
  SLUICE_KAFKA_PROVISIONER_USERNAME: z.string().min(1).optional(),
  SLUICE_KAFKA_PROVISIONER_PASSWORD: z.string().min(1).optional(),
  SLUICE_ISSUER: z.string().min(1),
  SLUICE_JWKS_URL: z.url({ protocol: /^https?$/ }),
  SLUICE_AUDIENCE: z.string().min(1).default('sluice-api'),
  SLUICE_KEY_DIR: z.string().min(1),
  SLUICE_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  SLUICE_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .default(() => randomBytes(4).toString('hex')),
});

/** The environment lacks something a service needs. Names the variables and the rule, never a value: some are secrets. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

/** @throws InvalidConfig naming every variable that is missing or wrong. */
export function readServiceConfig(env: NodeJS.ProcessEnv = process.env): ServiceConfig {
  const read = environment.safeParse(env);
  if (!read.success) {
    const wrong = read.error.issues.map(
      ({ path }) => `${String(path[0])} (${env[String(path[0])] === undefined ? 'missing' : 'malformed'})`,
    );
    throw new InvalidConfig(`The environment does not describe this service: ${[...new Set(wrong)].join(', ')}`);
  }
  const values = read.data;
  return {
    port: values.SLUICE_SERVICE_PORT,
    host: values.SLUICE_SERVICE_HOST,
    databaseUrl: values.SLUICE_DATABASE_URL,
    kafka: {
      brokers: values.SLUICE_KAFKA_BROKERS,
      clientId: `sluice-${values.SLUICE_INSTANCE}`,
      ...account('SLUICE_KAFKA', values.SLUICE_KAFKA_USERNAME, values.SLUICE_KAFKA_PASSWORD),
    },
    ...provisioner(values.SLUICE_KAFKA_PROVISIONER_USERNAME, values.SLUICE_KAFKA_PROVISIONER_PASSWORD),
    issuer: values.SLUICE_ISSUER,
    jwksUrl: values.SLUICE_JWKS_URL,
    audience: values.SLUICE_AUDIENCE,
    keyDir: values.SLUICE_KEY_DIR,
    logLevel: values.SLUICE_LOG_LEVEL,
    instance: values.SLUICE_INSTANCE,
  };
}

function provisioner(
  username: string | undefined,
  password: string | undefined,
): Pick<ServiceConfig, 'kafkaProvisioner'> {
  const found = account('SLUICE_KAFKA_PROVISIONER', username, password);
  return 'username' in found ? { kafkaProvisioner: found } : {};
}

/** A name without a password would silently fall back to an unauthenticated connection. */
function account(
  prefix: string,
  username: string | undefined,
  password: string | undefined,
): { username: string; password: string } | Record<never, never> {
  if (username !== undefined && password !== undefined) return { username, password };
  if (username === undefined && password === undefined) return {};
  throw new InvalidConfig(`${prefix}_USERNAME and ${prefix}_PASSWORD go together`);
}

/** Injection token of the ServiceConfig. */
export const SERVICE_CONFIG = Symbol('sluice.service-config');
