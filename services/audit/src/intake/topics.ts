import { TOPICS } from '@sluice/contracts';

/** What is taken in, by role. All but `vetting` have a partition for each lane. */
export interface IntakeTopics {
  registry: string;
  consent: string;
  vetting: string;
  ledger: string;
  fences: string;
  access: string;
  cases: string;
}

/** Where the service works: its topics and its consumer group. */
export interface AuditScope {
  topics: IntakeTopics;
  groupId: string;
  /** The time that deadlines and seals go by; the present time unless given. */
  now?: () => Date;
}

/** Injection token of the AuditScope. */
export const AUDIT_SCOPE = Symbol('audit.scope');

export const CONTRACTED_SCOPE: AuditScope = {
  topics: {
    registry: TOPICS.registry.name,
    consent: TOPICS.consent.name,
    vetting: TOPICS.vetting.name,
    ledger: TOPICS.ledger.name,
    fences: TOPICS.fences.name,
    access: TOPICS.access.name,
    cases: TOPICS.cases.name,
  },
  groupId: 'audit.intake',
};

/** The topics whose partitions are shared out; the one partition of vetting goes with partition 0. */
export function coPartitioned(topics: IntakeTopics): string[] {
  return [topics.registry, topics.consent, topics.ledger, topics.fences, topics.access, topics.cases];
}

/** All topics that the owner of a partition takes in. The ledger comes first: histories wait for it. */
export function topicsOf(partition: number, topics: IntakeTopics): string[] {
  const { registry, consent, ledger, fences, access, cases } = topics;
  const shared = [ledger, consent, access, cases, registry, fences];
  return partition === 0 ? [...shared, topics.vetting] : shared;
}
