import { z } from 'zod';
import { attributeCode } from '../catalogue/attributes.js';
import { LANGUAGES } from '../catalogue/labels.js';
import { purposeCode } from '../catalogue/purposes.js';
import { OUTCOMES } from '../codec/ledger-batch.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { defineEndpoint } from './endpoint.js';

export const HISTORY_KINDS = [
  'registered',
  'changed',
  'delivered',
  'refused',
  'snapshot',
  'grant',
  'read',
  'access-refused',
  'notice',
  'case',
  'seal',
] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** How it went: over the feed, over HTTP, or where a person agreed to a grant. */
export const CHANNELS = ['feed', 'api', 'app', 'web', 'branch'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What an order of the law kept from the person, or keeps. Shown to auditors at once, to the person when it lifts. */
export const sealMark = z.strictObject({
  seal: uuid,
  /** The legal instrument's reference. */
  instrument: z.string(),
  from: z.iso.datetime(),
  /** When it lifts, or lifted. */
  until: z.iso.datetime(),
});
export type SealMark = z.output<typeof sealMark>;

/** The same in words, for a person to read; English or Chinese. */
const entryLabels = z.strictObject({
  text: z.string(),
  attributes: z.array(z.string()),
  purpose: z.string().optional(),
  basis: z.string().optional(),
  outcome: z.string().optional(),
});

/** One line of a subject's history: who did or received what, when, why, under which grant. */
export const historyEntry = z.strictObject({
  /** Names the entry for good, and finds it. */
  id: z.string(),
  at: z.iso.datetime(),
  kind: z.enum(HISTORY_KINDS),
  /** Who acted: `person:…`, `agency:…`, `staff:…`, `service:…`. */
  actor: z.string(),
  /** Who received, or was refused. */
  recipient: z.string().optional(),
  attributes: z.array(attributeCode),
  purpose: z.string().optional(),
  basis: z.string().optional(),
  grant: uuid.optional(),
  grantVersion: z.int().optional(),
  channel: z.enum(CHANNELS).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  /** Lane and sequence of a delivery. */
  lane: z.int().optional(),
  sequence: z.int().optional(),
  /** The event behind it. */
  event: z.string().optional(),
  /** The plan of the replay by which it was decided once more. */
  replay: uuid.optional(),
  detail: z.string().optional(),
  /** The case that the entry is a step of. */
  case: uuid.optional(),
  /** Paths: the grant at consent, the others here. */
  links: z
    .strictObject({ grant: z.string().optional(), receipt: z.string().optional(), case: z.string().optional() })
    .optional(),
  labels: entryLabels.optional(),
  sealed: sealMark.optional(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

export const language = z.enum(LANGUAGES);

/** Of a page: where it goes on, and how much it holds. */
export const pageQuery = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

/** What a history can be asked for; all that is given must hold. */
export const historyFilters = {
  kind: z.enum(HISTORY_KINDS).optional(),
  agency: agencyCode.optional(),
  attribute: attributeCode.optional(),
  purpose: purposeCode.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  /** From this instant on. */
  from: z.iso.datetime().optional(),
  /** Before this instant. */
  to: z.iso.datetime().optional(),
  /** A word, in codes and in labels of both languages. */
  q: z.string().trim().min(1).max(80).optional(),
};

export const readHistory = defineEndpoint({
  id: 'readHistory',
  service: 'audit',
  method: 'GET',
  path: '/subjects/:subject/history',
  summary: 'Who saw what of mine, when, why, under which grant',
  description:
    'Newest first; a page never shifts because of later entries. A page that was searched for long may hold fewer entries than asked for, even none, and still name a next one. Labels are in the language of `lang`, or of Accept-Language.',
  who: ['person', 'auditor'],
  params: z.strictObject({ subject: uuid }),
  query: z.strictObject({ ...pageQuery, ...historyFilters, lang: language.optional() }),
  reply: z.strictObject({ subject: uuid, entries: z.array(historyEntry), next: z.string().optional() }),
  status: 200,
  problems: ['not-found', 'cannot-record'],
});

/** An entry as the agency has it: the person by its own name for them, and nothing that another agency could join on. */
export const agencyHistoryEntry = historyEntry
  .omit({ event: true, links: true, labels: true, sealed: true, case: true, replay: true })
  .extend({ subject: uuid });
export type AgencyHistoryEntry = z.output<typeof agencyHistoryEntry>;

export const readAgencyHistory = defineEndpoint({
  id: 'readAgencyHistory',
  service: 'audit',
  method: 'GET',
  path: '/agencies/:agency/history',
  summary: 'All that an agency did and received',
  description:
    'Newest first, in pages that do not shift. Persons are named by the alias under which the agency knows them; there is nothing in it that the agency has not had.',
  who: ['agency', 'auditor'],
  params: z.strictObject({ agency: agencyCode }),
  query: z.strictObject({
    ...pageQuery,
    kind: historyFilters.kind,
    attribute: historyFilters.attribute,
    purpose: historyFilters.purpose,
    outcome: historyFilters.outcome,
    from: historyFilters.from,
    to: historyFilters.to,
    /** One person, by the agency's alias. */
    subject: uuid.optional(),
  }),
  reply: z.strictObject({ agency: agencyCode, entries: z.array(agencyHistoryEntry), next: z.string().optional() }),
  status: 200,
  problems: ['not-found', 'cannot-record'],
});

export const EXPORT_FORMATS = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const;

export const exportHistory = defineEndpoint({
  id: 'exportHistory',
  service: 'audit',
  method: 'GET',
  path: '/subjects/:subject/history/export',
  summary: 'The whole history as a file',
  description:
    'Streamed, newest first: an entry a line (NDJSON), or a table (CSV, RFC 4180) whose cells no spreadsheet takes for a formula.',
  who: ['person', 'auditor'],
  params: z.strictObject({ subject: uuid }),
  query: z.strictObject({
    ...historyFilters,
    lang: language.optional(),
    format: z.enum(['ndjson', 'csv']).default('ndjson'),
  }),
  reply: z.custom<AsyncIterable<Buffer | string>>(),
  produces: Object.values(EXPORT_FORMATS),
  status: 200,
  problems: ['not-found', 'cannot-record'],
});
