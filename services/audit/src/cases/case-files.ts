import { Injectable } from '@nestjs/common';
import {
  CASE_ACCEPTED,
  CASE_ANSWERED,
  CASE_DECIDED,
  CASE_ESCALATED,
  CASE_RAISED,
  type CaseKind,
  type CaseReply,
  type CaseSummary,
  type HistoryEntry,
} from '@sluice/contracts';
import type { SqlEffect } from '@sluice/event-store';
import { Pool } from 'pg';
import { dueOf } from '../domain/person-file/case.js';
import type { FileEvent, PersonFile } from '../domain/person-file/person-file.js';

/** A case as stored; what somebody wrote is sealed. */
export interface CaseRow {
  case_id: string;
  subject: string;
  agency: string | null;
  kind: CaseKind;
  version: number;
  state: CaseSummary['state'];
  overdue: boolean;
  raised_at: Date;
  answer_by: Date | null;
  decide_by: Date | null;
  entry: HistoryEntry;
  question: Buffer;
  answer: Buffer | null;
  escalation: Buffer | null;
  decision: Buffer | null;
}

/** Whose cases are listed. */
export interface CaseList {
  subject?: string | undefined;
  agency?: string | undefined;
  state?: string | undefined;
  overdue?: boolean | undefined;
}

const FACTS = 'case_id, subject, agency, kind, version, state, overdue, raised_at, answer_by, decide_by';

const RAISE = `insert into audit.case_file
  (case_id, subject, agency, kind, version, state, overdue, raised_at, answer_by, decide_by, due, entry, question)
  values ($1, $2, $3, $4, 1, $5, false, $6, $7, $8, coalesce($7::timestamptz, $8::timestamptz), $9, $10)`;

const MOVE = `update audit.case_file set version = $2, state = $3, overdue = $4, decide_by = coalesce($5, decide_by),
  due = $6, answer = coalesce($7, answer), escalation = coalesce($8, escalation), decision = coalesce($9, decision)
  where case_id = $1`;

/** Each list is a range of an index, whose order is the list's. */
const LIST_BY = {
  subject: `select ${FACTS} from audit.case_file where subject = $1 and (raised_at, case_id) < ($2, $3)`,
  agency: `select ${FACTS} from audit.case_file where agency = $1 and (raised_at, case_id) < ($2, $3)`,
  all: `select ${FACTS} from audit.case_file where $1::text is null and (raised_at, case_id) < ($2, $3)`,
} as const;
const LIST_END = ` and ($4::text is null or state = $4) and ($5::boolean is null or overdue = $5)
  order by raised_at desc, case_id desc limit $6`;

const COUNT_OVERDUE = {
  subject: 'select count(*)::int as count from audit.case_file where overdue and subject = $1',
  agency: 'select count(*)::int as count from audit.case_file where overdue and agency = $1',
  all: 'select count(*)::int as count from audit.case_file where overdue and $1::text is null',
} as const;

/** Cases as they are read. */
@Injectable()
export class CaseFiles {
  constructor(private readonly pool: Pool) {}

  /** Brings the read model up to an event of a case, in the event's own transaction. `entry` is what a case is raised about. */
  static saving(event: FileEvent, file: PersonFile, now: Date, entry?: HistoryEntry): SqlEffect[] {
    if (event.type === CASE_RAISED) {
      const { case: id, subject, agency, kind, answerBy, decideBy, text } = event.data;
      const state = file.cases[id]!.state;
      const values = [id, subject, agency ?? null, kind, state, now, answerBy ?? null, decideBy ?? null, entry];
      return [{ name: 'raise-case', text: RAISE, values: [...values, bytes(text)] }];
    }
    if (!('case' in event.data)) return [];
    const { case: id, caseVersion } = event.data;
    const open = file.cases[id];
    const values = [id, caseVersion, open?.state ?? endOf(event), open?.overdue ?? false, open?.decideBy ?? null];
    const due = open === undefined ? null : (dueOf(open) ?? null);
    return [{ name: 'move-case', text: MOVE, values: [...values, due, ...textsOf(event)] }];
  }

  async find(id: string): Promise<CaseRow | undefined> {
    const { rows } = await this.pool.query<CaseRow>({
      name: 'find-case',
      text: `select ${FACTS}, entry, question, answer, escalation, decision from audit.case_file where case_id = $1`,
      values: [id],
    });
    return rows[0];
  }

  /** Newest first, behind `after`. */
  async list(of: CaseList, after: { at: Date; id: string }, limit: number): Promise<CaseRow[]> {
    const by = rangeOf(of);
    const { rows } = await this.pool.query<CaseRow>({
      name: `list-cases-by-${by}`,
      text: LIST_BY[by] + LIST_END,
      values: [of.subject ?? of.agency ?? null, after.at, after.id, of.state ?? null, of.overdue ?? null, limit],
    });
    return rows;
  }

  async overdue(of: CaseList): Promise<number> {
    const by = rangeOf(of);
    const { rows } = await this.pool.query<{ count: number }>({
      name: `count-overdue-by-${by}`,
      text: COUNT_OVERDUE[by],
      values: [of.subject ?? of.agency ?? null],
    });
    return rows[0]!.count;
  }

  /** Whose deadline has passed and was not marked yet. */
  async late(now: Date, limit: number): Promise<{ case_id: string; subject: string }[]> {
    const { rows } = await this.pool.query<{ case_id: string; subject: string }>({
      name: 'late-cases',
      text: `select case_id, subject from audit.case_file
        where due is not null and not overdue and due <= $1 order by due limit $2`,
      values: [now, limit],
    });
    return rows;
  }
}

/** What a list shows; for an agency `subject` is its own name of the person. */
export function summaryOf(row: CaseRow, subject: string): CaseSummary {
  return {
    case: row.case_id,
    version: row.version,
    subject,
    ...(row.agency !== null && { agency: row.agency }),
    kind: row.kind,
    state: row.state,
    overdue: row.overdue,
    raisedAt: row.raised_at.toISOString(),
    ...(row.answer_by !== null && { answerBy: row.answer_by.toISOString() }),
    ...(row.decide_by !== null && { decideBy: row.decide_by.toISOString() }),
  };
}

/** What a move leaves of the case that was read before it. */
export function replyOf(
  event: FileEvent,
  file: PersonFile,
  before: { raisedAt: Date; answerBy?: Date | null },
): CaseReply {
  if (!('case' in event.data)) throw new TypeError('not an event of a case');
  const { case: id, caseVersion: version, kind, agency } = event.data;
  const open = file.cases[id];
  const answerBy = open?.answerBy ?? before.answerBy?.toISOString();
  return {
    case: id,
    version,
    ...(agency !== undefined && { agency }),
    kind,
    state: open?.state ?? endOf(event),
    overdue: open?.overdue ?? false,
    raisedAt: before.raisedAt.toISOString(),
    ...(answerBy !== undefined && { answerBy }),
    ...(open?.decideBy !== undefined && { decideBy: open.decideBy }),
  };
}

function endOf(event: FileEvent): CaseSummary['state'] {
  if (event.type === CASE_ACCEPTED) return 'accepted';
  if (event.type === CASE_DECIDED) return event.data.outcome;
  throw new TypeError(`a case does not end with ${event.type}`);
}

function textsOf(event: FileEvent): (Buffer | null)[] {
  const text = 'text' in event.data && event.data.text !== undefined ? bytes(event.data.text) : null;
  return [CASE_ANSWERED, CASE_ESCALATED, CASE_DECIDED].map((type) => (event.type === type ? text : null));
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

function rangeOf({ subject, agency }: CaseList): keyof typeof LIST_BY {
  if (subject !== undefined) return 'subject';
  return agency !== undefined ? 'agency' : 'all';
}
