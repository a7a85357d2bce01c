// What the containers of docker-compose.yml run, one step each; see there for their order. What a service needs is in its
// bundle: what only the other steps need is imported there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SERVICES, type ServiceName } from '@sluice/contracts';
import { KAFKA_USERS, kafkaPassword, scramCredential } from './kafka/users.js';
import { serviceProgram } from './paths.js';
import { Secrets } from './secrets.js';
import { serviceEnvironment } from './services/environment.js';
import { rolePassword } from './services/roles.js';

const DATA = process.env.SLUICE_DATA ?? '/data';
const ISSUER_PORT = 7400;
const SERVICE_PORT = 8080;
const KAFKA_PORT = 9092;
const AGENCY_PORT = 7413;

const secrets = new Secrets(join(DATA, 'secrets'));
const postgresUrl = `postgres://postgres:${secrets.get('postgres-admin')}@postgres:5432/sluice`;
const kafkaBrokers = [`kafka:${KAFKA_PORT}`];
const issuerUrl = `http://issuer:${ISSUER_PORT}`;
const keyDirectory = join(DATA, 'keys');
const logDirectory = join(DATA, 'log');

const steps: Record<string, (argument: string | undefined) => Promise<void>> = {
  secrets: makeSecrets,
  provision,
  service,
};
const [step = '', argument] = process.argv.slice(2);
const run = steps[step];
if (!run) throw new Error(`unknown step "${step}": one of ${Object.keys(steps).join(', ')}`);
await run(argument);

/** Before anything runs: passwords, the broker's configuration and first users, the issuer's key. */
async function makeSecrets(): Promise<void> {
  const { FileKeyProvider } = await import('@sluice/vault');
  const { writeIssuerConfiguration } = await import('./issuer/issuer.js');
  const { brokerProperties } = await import('./kafka/broker-properties.js');
  const { freshClusterId } = await import('./kafka/kafka-broker.js');
  writeIssuerConfiguration(secrets, { port: ISSUER_PORT, host: '0.0.0.0', issuer: issuerUrl });
  const properties = brokerProperties({
    internal: { bind: `0.0.0.0:${KAFKA_PORT}`, advertised: kafkaBrokers[0]! },
    agency: { bind: `0.0.0.0:${AGENCY_PORT}`, advertised: `127.0.0.1:${AGENCY_PORT}` },
    controller: '127.0.0.1:9093',
    logDirectory: '/var/lib/kafka/data',
    brokerPassword: kafkaPassword(secrets, 'broker'),
    controllerPassword: kafkaPassword(secrets, 'controller'),
    issuerUrl,
  });
  write('kafka.properties', properties);
  secrets.get('kafka-cluster-id', freshClusterId);
  write('kafka-users', KAFKA_USERS.map((user) => `${scramCredential(user, kafkaPassword(secrets, user))}\n`).join(''));
  // All of them now: later steps see this folder read-only.
  for (const name of SERVICES) rolePassword(secrets, name);
  mkdirSync(keyDirectory, { recursive: true, mode: 0o700 });
  await FileKeyProvider.createRootKey(keyDirectory);
}

/** When PostgreSQL and Kafka serve: schemas, roles, topics, rights. */
async function provision(): Promise<void> {
  const { prepareDatabase } = await import('./services/schema.js');
  const { provisionKafka } = await import('./kafka/admin.js');
  await prepareDatabase(postgresUrl, secrets);
  await provisionKafka(kafkaBrokers, {
    credentials: { username: 'admin', password: kafkaPassword(secrets, 'admin') },
    acls: true,
  });
}

/** One service, in this process. */
async function service(name: string | undefined): Promise<void> {
  if (!SERVICES.includes(name as ServiceName)) throw new Error(`unknown service "${name}"`);
  const sharedKafkaUser = undefined;
  const around = { postgresUrl, kafkaBrokers, sharedKafkaUser, issuerUrl, keyDirectory, logDirectory, secrets };
  Object.assign(process.env, serviceEnvironment(name as ServiceName, `${name}`, SERVICE_PORT, around), {
    SLUICE_SERVICE_HOST: '0.0.0.0',
  });
  await import(pathToFileURL(serviceProgram(name as ServiceName)).href);
}

function write(name: string, content: string): void {
  writeFileSync(secrets.path(name), content, { mode: 0o600 });
}
