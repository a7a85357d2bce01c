import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { feedTopic, SERVICES, TOPICS, type TopicContract } from '@sluice/contracts';

/** As @platformatic/kafka takes it. */
export interface AccessRule {
  resourceType: (typeof ResourceTypes)[keyof typeof ResourceTypes];
  resourceName: string;
  resourcePatternType: (typeof ResourcePatternTypes)[keyof typeof ResourcePatternTypes];
  principal: string;
  host: string;
  operation: (typeof AclOperations)[keyof typeof AclOperations];
  permissionType: (typeof AclPermissionTypes)[keyof typeof AclPermissionTypes];
}

const FEEDS = feedTopic('');

/**
 * What each service's user may do; everything else the broker refuses. A right to read or write implies seeing that
 * the topic exists. Idempotent producers need no right of their own (KIP-679).
 */
export function serviceAcls(): AccessRule[] {
  const { TOPIC, GROUP, CLUSTER } = ResourceTypes;
  const { LITERAL, PREFIXED } = ResourcePatternTypes;
  const { READ, WRITE, CREATE, ALTER, DESCRIBE, DESCRIBE_CONFIGS } = AclOperations;
  const rules: AccessRule[] = [];
  const allow = (
    user: string,
    operation: AccessRule['operation'],
    resourceType: AccessRule['resourceType'],
    resourceName: string,
    resourcePatternType: AccessRule['resourcePatternType'] = LITERAL,
  ) =>
    rules.push({
      resourceType,
      resourceName,
      resourcePatternType,
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    });

  for (const topic of Object.values<TopicContract>(TOPICS)) {
    for (const writer of topic.writers) allow(writer, WRITE, TOPIC, topic.name);
    for (const reader of topic.readers) allow(reader, READ, TOPIC, topic.name);
  }
  for (const service of SERVICES) allow(service, READ, GROUP, `${service}.`, PREFIXED);

  allow('delivery', WRITE, TOPIC, FEEDS, PREFIXED);
  allow('audit', READ, TOPIC, FEEDS, PREFIXED);

  // Feeds come and go with agencies; the user that makes them carries no data.
  allow('provisioner', CREATE, TOPIC, FEEDS, PREFIXED);
  allow('provisioner', DESCRIBE, TOPIC, FEEDS, PREFIXED);
  allow('provisioner', DESCRIBE_CONFIGS, TOPIC, FEEDS, PREFIXED);
  allow('provisioner', ALTER, CLUSTER, 'kafka-cluster');
  allow('provisioner', DESCRIBE, CLUSTER, 'kafka-cluster');
  return rules;
}
