import {
  CASE_ESCALATED,
  CASE_OVERDUE,
  CASE_RAISED,
  type CaseEventType,
  caseEvents,
  SEAL_LIFTED,
} from '@sluice/contracts';
import { type EventRecord, encodeEntry, type PersonalEvent, parseJson, shortName } from './event-entries.js';

/**
 * A step of a case, or that a seal was lifted. Undefined for everything about a seal before that: a history must not
 * tell of it while it holds. @throws {RangeError} where the record is not what its contract says
 */
export function caseEntry({ type, id, actor, payload }: EventRecord): PersonalEvent | undefined {
  if (!Object.hasOwn(caseEvents, type)) throw new RangeError('an event of an unknown type');
  const read = caseEvents[type as CaseEventType].safeParse(parseJson(payload));
  if (!read.success) throw new RangeError('an event that does not follow its contract');
  const { data } = read;
  if ('case' in data) {
    const { subject, agency, kind, case: name } = data;
    const recipient = agency !== undefined && isToAgency(type) ? { recipient: agency } : {};
    const detail = `${kind}: ${shortName(type)}`;
    return {
      subject,
      agency,
      entry: encodeEntry({ kind: 'case', actor, ...recipient, attributes: [], event: id, case: name, detail }),
    };
  }
  if (type !== SEAL_LIFTED || !('liftedAt' in data)) return undefined;
  const { subject, agency, purpose, instrument, sealedFrom, liftedAt, because } = data;
  const detail = `${instrument}: sealed from ${sealedFrom} to ${liftedAt}, ${because}`;
  const about = { recipient: agency, attributes: [], ...(purpose !== undefined && { purpose }) };
  // Not the supervisor who annulled it: what a person learns is under what it was sealed, and how long.
  return { subject, entry: encodeEntry({ kind: 'seal', actor: 'service:audit', ...about, event: id, detail }) };
}

/** Steps whose actor is not the agency, but which it has to know of. */
function isToAgency(type: string): boolean {
  return type === CASE_RAISED || type === CASE_ESCALATED || type === CASE_OVERDUE;
}
