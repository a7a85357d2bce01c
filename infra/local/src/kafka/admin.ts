import { connect } from 'node:net';
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import { MAX_RECORD_BYTES, TOPICS, type TopicContract } from '@sluice/contracts';
import { StackFailure } from '../failure.js';
import { type AccessRule, serviceAcls } from './acls.js';
import type { KafkaCredentials } from './users.js';

const ACLS_TIMEOUT_MS = 20_000;
const ACLS_POLL_MS = 20;
const EVERY_RULE = {
  resourceType: ResourceTypes.ANY,
  resourceName: null,
  resourcePatternType: ResourcePatternTypes.ANY,
  principal: null,
  host: null,
  operation: AclOperations.ANY,
  permissionType: AclPermissionTypes.ANY,
};

/** Without credentials the connection is PLAINTEXT. */
function adminOf(brokers: string[], credentials?: KafkaCredentials): Admin {
  return new Admin({
    clientId: 'sluice-stack',
    bootstrapBrokers: brokers,
    retries: 20,
    retryDelay: 100,
    ...(credentials && { sasl: { mechanism: 'SCRAM-SHA-512', ...credentials } }),
  });
}

/** Whether the broker lets this user in and answers. */
export async function isServing(brokers: string[], credentials: KafkaCredentials): Promise<boolean> {
  // A bare connection first: until the port is open, a client would only retry by itself.
  if (!(await accepts(brokers[0]!))) return false;
  const admin = new Admin({
    clientId: 'sluice-stack',
    bootstrapBrokers: brokers,
    retries: 0,
    connectTimeout: 2_000,
    requestTimeout: 5_000,
    sasl: { mechanism: 'SCRAM-SHA-512', ...credentials },
  });
  try {
    const { brokers: known } = await admin.metadata({ topics: [], forceUpdate: true });
    return known.size > 0;
  } catch {
    return false;
  } finally {
    await admin.close();
  }
}

function accepts(broker: string): Promise<boolean> {
  const [host, port] = broker.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host!, port: Number(port) });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

/** Creates the topics that the contracts name and that are missing and, where asked, gives the services their rights. */
export async function provisionKafka(
  brokers: string[],
  { credentials, acls }: { credentials?: KafkaCredentials; acls: boolean },
): Promise<void> {
  const admin = adminOf(brokers, credentials);
  try {
    const present = new Set(await admin.listTopics());
    const topics = Object.values<TopicContract>(TOPICS);
    const missing = topics.filter((topic) => !present.has(topic.name));
    if (missing.length > 0) {
      await admin.createTopics({
        topics: missing.map(({ name, partitions }) => ({ topic: name, partitions })),
        replicas: 1,
        configs: [
          { name: 'max.message.bytes', value: String(MAX_RECORD_BYTES) },
          // The topics are the history that projections are rebuilt from: nothing in them expires.
          { name: 'retention.ms', value: '-1' },
          { name: 'retention.bytes', value: '-1' },
        ],
      });
    }
    // Also where a topic is from an earlier version: what is set again is as it was.
    await limitRetention(admin, topics);
    if (acls) await grant(admin, serviceAcls());
  } finally {
    await admin.close();
  }
}

/** A broker removes whole segments: one a day, so that what has expired is gone a day later. */
const SEGMENT_MS = 24 * 60 * 60 * 1_000;

async function limitRetention(admin: Admin, topics: readonly TopicContract[]): Promise<void> {
  const set = (name: string, value: number) => ({
    name,
    value: String(value),
    configOperation: IncrementalAlterConfigOperationTypes.SET,
  });
  const resources = topics.flatMap(({ name, retentionMs }) =>
    retentionMs === undefined
      ? []
      : [
          {
            resourceType: ConfigResourceTypes.TOPIC,
            resourceName: name,
            configs: [set('retention.ms', retentionMs), set('segment.ms', SEGMENT_MS)],
          },
        ],
  );
  await admin.incrementalAlterConfigs({ resources, validateOnly: false });
}

/** The controller answers before the authorizer has heard of the rules; the first services would be refused. */
async function grant(admin: Admin, rules: AccessRule[]): Promise<void> {
  await admin.createAcls({ creations: rules });
  const deadline = Date.now() + ACLS_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const known = await admin.describeAcls({ filter: EVERY_RULE });
    if (known.reduce((sum, { acls }) => sum + acls.length, 0) >= rules.length) return;
    await new Promise((resolve) => setTimeout(resolve, ACLS_POLL_MS));
  }
  throw new StackFailure('kafka-failed', 'Kafka did not take over the access rights of the services; start again.');
}
