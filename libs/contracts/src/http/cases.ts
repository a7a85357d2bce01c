import { z } from 'zod';
import { CASE_KINDS } from '../catalogue/deadlines.js';
import { CASE_OUTCOMES } from '../events/cases.js';
import { agencyCode } from '../events/vetting.js';
import { uuid } from '../ids.js';
import { defineEndpoint } from './endpoint.js';
import { historyEntry, pageQuery } from './history.js';

export const CASE_STATES = ['open', 'answered', 'escalated', 'accepted', 'upheld', 'dismissed'] as const;
export const caseState = z.enum(CASE_STATES);

/** A case without anything that somebody wrote. */
const caseFacts = {
  case: uuid,
  version: z.int(),
  /** The person; for an agency the alias under which it knows them. */
  subject: uuid,
  /** Absent: the centre answers itself. */
  agency: agencyCode.optional(),
  kind: z.enum(CASE_KINDS),
  state: caseState,
  /** The deadline of whoever is due now has passed. */
  overdue: z.boolean(),
  raisedAt: z.iso.datetime(),
  answerBy: z.iso.datetime().optional(),
  decideBy: z.iso.datetime().optional(),
};

export const caseSummary = z.strictObject(caseFacts);
export type CaseSummary = z.output<typeof caseSummary>;

/** What was written; absent where nothing was, where it is not the reader's to see, and after an erasure. */
const caseTexts = z.strictObject({
  question: z.string().optional(),
  answer: z.string().optional(),
  escalation: z.string().optional(),
  /** The consequence, or why it was dismissed. */
  decision: z.string().optional(),
});

export const caseView = z.strictObject({
  ...caseFacts,
  /** The entry it is about; for an agency only what it knows already. */
  entry: historyEntry.omit({ id: true }).extend({ id: z.string().optional() }),
  texts: caseTexts,
});
export type CaseView = z.output<typeof caseView>;

/** What a move leaves: no text, so that it can be given again to who repeats the command. */
export const caseReply = caseSummary.omit({ subject: true });
export type CaseReply = z.output<typeof caseReply>;

const text = z.string().trim().min(3).max(2_000);
const params = z.strictObject({ case: uuid });
const move = { service: 'audit', method: 'POST', idempotent: true, versioned: true, status: 200 } as const;
const MOVE_PROBLEMS = [
  'unknown-case',
  'wrong-state',
  'stale-version',
  'idempotency-mismatch',
  'cannot-record',
] as const;

export const raiseCase = defineEndpoint({
  id: 'raiseCase',
  service: 'audit',
  method: 'POST',
  path: '/subjects/:subject/cases',
  summary: 'Ask about, or object to, an entry of my history',
  description: 'It goes to the agency concerned, which has to answer by the deadline; without one, to the centre.',
  who: ['person'],
  params: z.strictObject({ subject: uuid }),
  body: z.strictObject({ entry: z.string().max(60), kind: z.enum(CASE_KINDS), text }),
  reply: caseReply,
  status: 201,
  idempotent: true,
  problems: [
    'not-found',
    'unknown-entry',
    'unknown-subject',
    'too-many-open-cases',
    'idempotency-mismatch',
    'cannot-record',
  ],
});

export const answerCase = defineEndpoint({
  ...move,
  id: 'answerCase',
  path: '/cases/:case/answer',
  summary: 'The agency concerned answers',
  who: ['agency'],
  params,
  body: z.strictObject({ text }),
  reply: caseReply,
  problems: [...MOVE_PROBLEMS, 'unknown-subject'],
});

export const acceptAnswer = defineEndpoint({
  ...move,
  id: 'acceptAnswer',
  path: '/cases/:case/acceptance',
  summary: 'The person accepts the answer; the case is closed',
  who: ['person'],
  params,
  reply: caseReply,
  problems: MOVE_PROBLEMS,
});

export const escalateCase = defineEndpoint({
  ...move,
  id: 'escalateCase',
  path: '/cases/:case/escalation',
  summary: 'The person brings an answer, or an answer that is overdue, before the centre',
  who: ['person'],
  params,
  body: z.strictObject({ text: text.optional() }),
  reply: caseReply,
  problems: [...MOVE_PROBLEMS, 'unknown-subject'],
});

export const decideCase = defineEndpoint({
  ...move,
  id: 'decideCase',
  path: '/cases/:case/decision',
  summary: 'A supervisor decides: upheld with its consequence, or dismissed with the reason',
  who: ['supervisor'],
  params,
  body: z.strictObject({ outcome: z.enum(CASE_OUTCOMES), text }),
  reply: caseReply,
  problems: [...MOVE_PROBLEMS, 'unknown-subject'],
});

export const readCase = defineEndpoint({
  id: 'readCase',
  service: 'audit',
  method: 'GET',
  path: '/cases/:case',
  summary: 'One case, with what was written',
  description: 'For the person, the agency concerned, supervisors and auditors. The reading is recorded.',
  who: ['person', 'agency', 'supervisor', 'auditor'],
  params,
  reply: caseView,
  status: 200,
  problems: ['unknown-case', 'cannot-record'],
});

export const listCases = defineEndpoint({
  id: 'listCases',
  service: 'audit',
  method: 'GET',
  path: '/cases',
  summary: 'Cases, newest first: a person’s own, those that concern an agency, or all',
  who: ['person', 'agency', 'supervisor', 'auditor'],
  query: z.strictObject({
    ...pageQuery,
    state: caseState.optional(),
    overdue: z.enum(['true']).optional(),
    agency: agencyCode.optional(),
  }),
  reply: z.strictObject({
    cases: z.array(caseSummary),
    /** How many of the reader's cases are overdue now. */
    overdue: z.int(),
    next: z.string().optional(),
  }),
  status: 200,
  problems: [],
});

export const caseEndpoints = [
  raiseCase,
  answerCase,
  acceptAnswer,
  escalateCase,
  decideCase,
  readCase,
  listCases,
] as const;
