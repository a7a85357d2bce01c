import {
  CASE_ACCEPTED,
  CASE_ANSWERED,
  CASE_DEADLINE_DAYS,
  CASE_DECIDED,
  CASE_ESCALATED,
  type CASE_OUTCOMES,
  CASE_OVERDUE,
  CASE_RAISED,
  type CaseKind,
  MAX_OPEN_CASES,
} from '@sluice/contracts';
import type { FileDecision, OpenCase, PersonFile, Refused } from './person-file.js';

const DAY_MS = 86_400_000;

/** Who moves a case: its person, the agency concerned, a supervisor, or this service for the time. */
export type Mover = 'person' | 'agency' | 'supervisor' | 'service';

/** `text` is sealed, base64. */
export type CaseMove =
  | { readonly move: 'answer'; readonly text: string }
  | { readonly move: 'accept' }
  | { readonly move: 'escalate'; readonly text?: string | undefined }
  | { readonly move: 'decide'; readonly outcome: (typeof CASE_OUTCOMES)[number]; readonly text: string }
  | { readonly move: 'markOverdue' };

/** The life cycle: every move that is not listed here is refused. */
const MOVES: Readonly<Record<CaseMove['move'], { from: readonly OpenCase['state'][]; by: Mover }>> = {
  answer: { from: ['open'], by: 'agency' },
  accept: { from: ['answered'], by: 'person' },
  /** Of an open case only once its answer is overdue. */
  escalate: { from: ['answered', 'open'], by: 'person' },
  decide: { from: ['escalated'], by: 'supervisor' },
  markOverdue: { from: ['open', 'escalated'], by: 'service' },
};

export interface Raising {
  case: string;
  subject: string;
  kind: CaseKind;
  /** Id of the history entry. */
  entry: string;
  agency: string | undefined;
  text: string;
}

/** A person raises a case; it goes to the agency concerned or, without one, to the centre. */
export function raise(file: PersonFile, { agency, ...raising }: Raising, now: Date): FileDecision {
  if (Object.keys(file.cases).length >= MAX_OPEN_CASES) return { refused: 'too-many-open-cases' };
  const days = CASE_DEADLINE_DAYS[raising.kind];
  const deadline =
    agency === undefined
      ? { decideBy: daysAfter(now, days.decision) }
      : { agency, answerBy: daysAfter(now, days.answer) };
  return { type: CASE_RAISED, data: { ...raising, caseVersion: 1, ...deadline } };
}

export interface CaseFacts {
  subject: string;
  by: Mover;
  now: Date;
  /** The version the caller saw, where it said so. */
  ifMatch?: number | undefined;
}

/** Moves a case that was raised; one that is closed is not in the file any more. */
export function moveCase(file: PersonFile, id: string, move: CaseMove, facts: CaseFacts): FileDecision {
  const found = file.cases[id];
  if (found === undefined) return { refused: 'wrong-state' };
  const { from, by } = MOVES[move.move];
  if (by !== facts.by) return { refused: 'not-allowed' };
  if (facts.ifMatch !== undefined && facts.ifMatch !== found.version) return { refused: 'stale-version' };
  if (!from.includes(found.state)) return { refused: 'wrong-state' };
  return decide(found, move, facts);
}

function decide(found: OpenCase, move: CaseMove, { subject, now }: CaseFacts): FileDecision {
  const { case: id, version, kind, agency } = found;
  const next = { case: id, subject, caseVersion: version + 1, kind, ...(agency !== undefined && { agency }) };
  switch (move.move) {
    case 'answer':
      return { type: CASE_ANSWERED, data: { ...next, text: move.text } };
    case 'accept':
      return { type: CASE_ACCEPTED, data: next };
    case 'escalate': {
      if (found.state === 'open' && !isOverdue(found, now)) return WRONG_STATE;
      const decideBy = daysAfter(now, CASE_DEADLINE_DAYS[kind].decision);
      return { type: CASE_ESCALATED, data: { ...next, ...(move.text !== undefined && { text: move.text }), decideBy } };
    }
    case 'decide':
      return { type: CASE_DECIDED, data: { ...next, outcome: move.outcome, text: move.text } };
    case 'markOverdue': {
      if (found.overdue || !isOverdue(found, now)) return WRONG_STATE;
      const awaited = found.state === 'open' ? 'answer' : 'decision';
      return { type: CASE_OVERDUE, data: { ...next, awaited, due: dueOf(found)! } };
    }
  }
}

const WRONG_STATE: Refused = { refused: 'wrong-state' };

/** By when the one who is due now has to act; undefined while the person considers an answer. */
export function dueOf({ state, answerBy, decideBy }: OpenCase): string | undefined {
  if (state === 'open') return answerBy;
  return state === 'escalated' ? decideBy : undefined;
}

function isOverdue(found: OpenCase, now: Date): boolean {
  const due = dueOf(found);
  return due !== undefined && now.getTime() >= Date.parse(due);
}

function daysAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY_MS).toISOString();
}
