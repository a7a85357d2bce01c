import { z } from 'zod';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { defineEndpoint } from './endpoint.js';
import { HISTORY_KINDS } from './history.js';

export const NOTICE_PACES = ['immediately', 'hourly', 'daily'] as const;

export const historySubscription = z.strictObject({
  /** `never` ends the subscription. */
  every: z.enum([...NOTICE_PACES, 'never']),
  /** Only entries of these kinds. */
  kinds: z.array(z.enum(HISTORY_KINDS)).min(1).max(HISTORY_KINDS.length).optional(),
  /** Only what these agencies received, were refused or did. */
  agencies: z.array(agencyCode).min(1).max(50).optional(),
});
export type HistorySubscription = z.output<typeof historySubscription>;

/** What happened since the last notice, counted; never a value. */
export const historyNotice = z.strictObject({
  id: z.string(),
  madeAt: z.iso.datetime(),
  /** Of the entries told of. */
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  groups: z.array(
    z.strictObject({
      agency: z.string().optional(),
      purpose: z.string().optional(),
      kind: z.enum(HISTORY_KINDS),
      count: z.int().min(1),
    }),
  ),
});
export type HistoryNotice = z.output<typeof historyNotice>;

const params = z.strictObject({ subject: uuid });

export const subscribeToHistory = defineEndpoint({
  id: 'subscribeToHistory',
  service: 'audit',
  method: 'PUT',
  path: '/subjects/:subject/history-subscription',
  summary: 'Be told when somebody looks: at once, or in a digest',
  description: 'Replaces what was set before. It takes effect within two seconds, for entries from then on.',
  who: ['person'],
  params,
  body: historySubscription,
  reply: historySubscription,
  status: 200,
  problems: ['not-found', 'cannot-record'],
});

export const readHistorySubscription = defineEndpoint({
  id: 'readHistorySubscription',
  service: 'audit',
  method: 'GET',
  path: '/subjects/:subject/history-subscription',
  summary: 'How I am told',
  who: ['person'],
  params,
  reply: historySubscription,
  status: 200,
  problems: ['not-found', 'cannot-record'],
});

export const listNotices = defineEndpoint({
  id: 'listNotices',
  service: 'audit',
  method: 'GET',
  path: '/subjects/:subject/notices',
  summary: 'Notices of new entries, oldest first',
  description: 'With `Prefer: wait=N` the answer waits up to five seconds for a notice after `after`.',
  who: ['person'],
  params,
  query: z.strictObject({
    /** Id of the last notice that was read. */
    after: z
      .string()
      .regex(/^\d{1,18}$/, 'notice-id')
      .default('0'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  reply: z.strictObject({ notices: z.array(historyNotice) }),
  status: 200,
  waits: true,
  problems: ['not-found', 'cannot-record'],
});

export const noticeEndpoints = [subscribeToHistory, readHistorySubscription, listNotices] as const;
