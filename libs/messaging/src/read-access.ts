import {
  AclOperations,
  type AclOperationValue,
  AclPermissionTypes,
  findErrorBy,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import { withAdmin } from './admin.js';
import type { KafkaConnection } from './connection.js';

export interface ReadAccess {
  /** The name the broker knows the reader by, without `User:`; an agency's code. */
  principal: string;
  topic: string;
  /** Consumer groups the reader may use begin with this. */
  groupPrefix: string;
}

/**
 * Lets a principal read one topic, in groups of its own, and nothing else. Idempotent; needs the right to alter the
 * cluster's ACLs. A broker without an authorizer has no rights to give.
 */
export async function ensureReadAccess(connection: KafkaConnection, access: ReadAccess): Promise<void> {
  const may = (operation: AclOperationValue) => ({
    principal: `User:${access.principal}`,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  });
  const topic = {
    resourceType: ResourceTypes.TOPIC,
    resourceName: access.topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  const group = {
    resourceType: ResourceTypes.GROUP,
    resourceName: access.groupPrefix,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  const { DESCRIBE, READ } = AclOperations;
  const creations = [
    { ...topic, ...may(READ) },
    { ...topic, ...may(DESCRIBE) },
    { ...group, ...may(READ) },
  ];
  await withAdmin(connection, async (admin) => {
    try {
      await admin.createAcls({ creations });
    } catch (error) {
      if (!(error instanceof Error && findErrorBy(error, 'apiId', 'SECURITY_DISABLED'))) throw error;
    }
  });
}
