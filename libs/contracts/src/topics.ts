/** Lanes of a feed, and partitions of every topic that delivery joins by partition. */
export const LANES = 6;

/** The largest Kafka record value any topic accepts, in bytes. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** The largest event payload a service stores, in bytes: well under a record with its headers. */
export const MAX_EVENT_BYTES = 256 * 1024;

export const SERVICES = ['registry', 'consent', 'vetting', 'delivery', 'audit'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface TopicContract {
  readonly name: string;
  readonly partitions: number;
  /** The services that may write it; every other principal is refused by the broker. */
  readonly writers: readonly ServiceName[];
  readonly readers: readonly ServiceName[];
  readonly description: string;
  /** How long records are kept; absent for topics that are history and are kept for ever. */
  readonly retentionMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

export const TOPICS = {
  registry: {
    name: 'registry.events',
    partitions: LANES,
    writers: ['registry'],
    readers: ['delivery', 'audit'],
    description: 'Subjects and changes of their attribute values; values sealed under the subject’s key.',
  },
  consent: {
    name: 'consent.events',
    partitions: LANES,
    writers: ['consent'],
    readers: ['registry', 'delivery', 'audit'],
    description: 'Grants and their life cycle, keyed by subject.',
  },
  vetting: {
    name: 'vetting.events',
    partitions: 1,
    writers: ['vetting'],
    readers: ['registry', 'consent', 'delivery', 'audit'],
    description:
      'Agencies, accreditations and sanctions; one partition, because a sanction is ordered before all lanes.',
  },
  ledger: {
    name: 'delivery.ledger',
    partitions: LANES,
    writers: ['delivery'],
    readers: ['audit'],
    description: 'Every decision, one record per batch with its blocks, before and beside the feeds.',
  },
  fences: {
    name: 'delivery.fences',
    partitions: LANES,
    writers: ['delivery'],
    readers: ['consent', 'vetting', 'audit'],
    description: 'The position in a lane after which a grant or an agency receives nothing more.',
  },
  access: {
    name: 'access.events',
    partitions: LANES,
    writers: ['registry', 'consent', 'vetting', 'delivery', 'audit'],
    readers: ['audit'],
    description: 'Reads of personal data, refusals and administrative acts, written by every service.',
  },
  cases: {
    name: 'audit.cases',
    partitions: LANES,
    writers: ['audit'],
    readers: ['audit'],
    description: 'Questions and objections of persons, and seals on histories; keyed by subject.',
  },
  checkpoints: {
    name: 'audit.checkpoints',
    partitions: 1,
    writers: ['audit'],
    readers: ['delivery'],
    description:
      'Every checkpoint of the verifiable log, at least one a second: while none comes, delivery releases nothing.',
    // Nothing reads an old one: the log itself has all that they say.
    retentionMs: 7 * DAY_MS,
  },
} as const satisfies Record<string, TopicContract>;

/** The feed topic of one agency. */
export function feedTopic(agency: string): string {
  return `feed.${agency}`;
}
