import { TOPICS } from '@sluice/contracts';

/** What audit reads, by role. All but `vetting` have a partition for each lane. */
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

/** The topics with a partition for each lane: the log holds them all, and vetting's. */
export function coPartitioned(topics: IntakeTopics): string[] {
  return [topics.registry, topics.consent, topics.ledger, topics.fences, topics.access, topics.cases];
}

/**
 * What histories are made of, and all that the intake reads. The ledger comes first: histories wait for it. Changes of
 * registry.events are in it, with what was decided about them; to read them as well cost a tenth of the whole service.
 */
export function historyTopics({ ledger, consent, access, cases }: IntakeTopics): string[] {
  return [ledger, consent, access, cases];
}
