import { TOPICS } from '@sluice/contracts';
import { ensureTopics, type KafkaConnection } from '@sluice/messaging';
import type { AuditScope } from '../intake/topics.js';

/** Topics like those of the contracts, and a group, that one test file has for itself. */
export async function ownScope(connection: KafkaConnection, prefix: string): Promise<AuditScope> {
  const roles = ['registry', 'consent', 'vetting', 'ledger', 'fences', 'access', 'cases'] as const;
  const plans = roles.map((role) => ({ topic: prefix + TOPICS[role].name, partitions: TOPICS[role].partitions }));
  await created(() => ensureTopics(connection, plans));
  const [registry, consent, vetting, ledger, fences, access, cases] = plans.map(({ topic }) => topic) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { topics: { registry, consent, vetting, ledger, fences, access, cases }, groupId: `${prefix}intake` };
}

/** A broker under load tells of a new topic only a moment after it made it. */
export async function created(ensure: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await ensure();
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
