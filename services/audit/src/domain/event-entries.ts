import {
  ACCESS_READ,
  ACCESS_REFUSED,
  type AccessEventType,
  accessEvents,
  type ConsentEventData,
  type ConsentEventType,
  consentEvents,
  type GRANT_OFFERED,
  isAttributeCode,
} from '@sluice/contracts';
import type { LineContent } from './history-row.js';

/** An entry made of a JSON event: u8 format (2) | the line as JSON. */
export const EVENT_ENTRY_FORMAT = 2;

/** What an event is to the history of a person. */
export interface PersonalEvent {
  subject: string;
  /** The agency that it concerns, or that acted. */
  agency?: string | undefined;
  entry: Buffer;
}

/** An event as the intake reads it: type, id and actor are headers of the record. */
export interface EventRecord {
  type: string;
  id: string;
  actor: string;
  payload: Buffer;
}

/** @throws {RangeError} where the record is not what its contract says */
export function consentEntry({ type, id, actor, payload }: EventRecord): PersonalEvent {
  if (!Object.hasOwn(consentEvents, type)) throw new RangeError('an event of an unknown type');
  const read = consentEvents[type as ConsentEventType].safeParse(parseJson(payload));
  if (!read.success) throw new RangeError('an event that does not follow its contract');
  const { subject, grant, grantVersion, terms } = read.data;
  const { channel } = 'shown' in read.data ? (read.data as ConsentEventData<typeof GRANT_OFFERED>).shown : {};
  return {
    subject,
    agency: terms.agency,
    entry: encodeEntry({
      kind: 'grant',
      actor,
      recipient: terms.agency,
      attributes: terms.attributes,
      purpose: terms.purpose,
      basis: terms.basis,
      grant,
      grantVersion,
      ...(channel !== undefined && { channel }),
      event: id,
      detail: shortName(type),
    }),
  };
}

/** Undefined for what is about no person. @throws {RangeError} where the record is not what its contract says */
export function accessEntry({ type, id, payload }: EventRecord): PersonalEvent | undefined {
  if (!Object.hasOwn(accessEvents, type)) throw new RangeError('an event of an unknown type');
  const read = accessEvents[type as AccessEventType].safeParse(parseJson(payload));
  if (!read.success) throw new RangeError('an event that does not follow its contract');
  const data = read.data;
  if (type === ACCESS_READ && 'what' in data) {
    const attributes = (data.attributes ?? []).filter(isAttributeCode);
    return {
      subject: data.subject,
      agency: agencyOf(data.by),
      entry: encodeEntry({ kind: 'read', actor: data.by, attributes, event: id, detail: data.what }),
    };
  }
  if (type === ACCESS_REFUSED && 'problem' in data && data.subject !== undefined) {
    const detail = `${data.endpoint}: ${data.problem}`;
    return {
      subject: data.subject,
      agency: agencyOf(data.by),
      entry: encodeEntry({ kind: 'access-refused', actor: data.by, attributes: [], event: id, detail }),
    };
  }
  return undefined;
}

/** Entries written before they named their channel came over HTTP. */
export function readEventEntry(entry: Buffer): LineContent {
  return { channel: 'api', ...(JSON.parse(entry.toString('utf8', 1)) as LineContent) };
}

function agencyOf(actor: string): string | undefined {
  return actor.startsWith('agency:') ? actor.slice('agency:'.length) : undefined;
}

export function encodeEntry(line: LineContent): Buffer {
  const json = Buffer.from(JSON.stringify(line));
  const entry = Buffer.allocUnsafe(1 + json.length);
  entry[0] = EVENT_ENTRY_FORMAT;
  json.copy(entry, 1);
  return entry;
}

/** `sluice.consent.grant-activated.v1` is `grant-activated`. */
export function shortName(type: string): string {
  return type.split('.')[2] ?? type;
}

export function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    throw new RangeError('an event that is not JSON');
  }
}
