import {
  attributesIn,
  LAWFUL_BASES,
  NIL_UUID,
  OUTCOMES,
  PURPOSE_CODES,
  PURPOSES,
  SOURCE_KIND,
  uuidText,
} from '@sluice/contracts';
import type { LineContent } from './history-row.js';
import { ENTRY_HEAD_BYTES, REPLAYED_ENTRY_FORMAT } from './ledger-entries.js';
import { DECISION_AT, DECISION_BYTES, readU64, SOURCE_AT, SOURCE_BYTES } from './ledger-view.js';

const PURPOSE_BY_NUMBER = new Map(PURPOSE_CODES.map((code) => [PURPOSES[code].number as number, code]));

/** What the source event itself is in a history. A snapshot or a stop shows in what followed, and in the grant's events. */
const OWN_LINE: ReadonlyMap<number, 'registered' | 'changed'> = new Map([
  [SOURCE_KIND.registered, 'registered'],
  [SOURCE_KIND.changed, 'changed'],
]);

/** What a delivery of it is called. */
const DELIVERY: ReadonlyMap<number, 'delivered' | 'snapshot'> = new Map([
  [SOURCE_KIND.registered, 'delivered'],
  [SOURCE_KIND.changed, 'delivered'],
  [SOURCE_KIND.snapshot, 'snapshot'],
]);

interface Source {
  kind: number;
  actor: string;
  event: string;
}

/** The event, then what was decided about it, in order. Of a replay only what was decided: the event is in the history already. */
export function readLedgerEntry(entry: Buffer): LineContent[] {
  const lane = entry[1]!;
  const decisions = entry.readUInt16BE(2);
  const sourceAt = ENTRY_HEAD_BYTES;
  let at = sourceAt + SOURCE_BYTES;
  const source = {
    kind: entry[sourceAt + SOURCE_AT.kind]!,
    actor: readShort(entry, at),
    event: uuidText(entry, sourceAt + SOURCE_AT.eventId),
  };
  at += 1 + entry[at]!;
  const lines: LineContent[] = [];
  const replayed = entry[0] === REPLAYED_ENTRY_FORMAT;
  const own = replayed ? undefined : OWN_LINE.get(source.kind);
  if (own !== undefined)
    lines.push({ kind: own, ...ownLine(entry, sourceAt), actor: source.actor, event: source.event });
  for (let i = 0; i < decisions; i++) {
    lines.push(decisionLine(entry, at, source, lane));
    at += DECISION_BYTES + 8;
    at += 1 + entry[at]!;
  }
  if (replayed) {
    const replay = readShort(entry, at);
    for (const line of lines) line.replay = replay;
  }
  return lines;
}

/** The history is in order of decision; when the authority recorded the event is said beside it. */
function ownLine(entry: Buffer, sourceAt: number): { attributes: HistoryAttributes; detail: string } {
  const recordedAt = new Date(readU64(entry, sourceAt + SOURCE_AT.time)).toISOString();
  const version = entry.readUInt32BE(sourceAt + SOURCE_AT.version);
  return {
    attributes: attributesIn(entry.readUInt32BE(sourceAt + SOURCE_AT.attributes)),
    detail: `version ${version}, recorded ${recordedAt}`,
  };
}

type HistoryAttributes = LineContent['attributes'];

function decisionLine(entry: Buffer, at: number, source: Source, lane: number): LineContent {
  const outcome = OUTCOMES[entry[at + DECISION_AT.outcome]!]!;
  const purpose = PURPOSE_BY_NUMBER.get(entry[at + DECISION_AT.purpose]!);
  const basis = LAWFUL_BASES[entry[at + DECISION_AT.basis]!];
  const grant = uuidText(entry, at + DECISION_AT.grant);
  const sequence = readU64(entry, at + DECISION_BYTES);
  return {
    kind: outcome === 'delivered' ? (DELIVERY.get(source.kind) ?? 'notice') : 'refused',
    actor: source.actor,
    recipient: readShort(entry, at + DECISION_BYTES + 8),
    attributes: attributesIn(entry.readUInt32BE(at + DECISION_AT.attributes)),
    ...(purpose !== undefined && { purpose }),
    ...(basis !== undefined && { basis }),
    ...(grant !== NIL_UUID && { grant, grantVersion: entry.readUInt32BE(at + DECISION_AT.grantVersion) }),
    channel: 'feed',
    outcome,
    ...(sequence !== 0 && { lane, sequence }),
    event: source.event,
  };
}

function readShort(entry: Buffer, at: number): string {
  return entry.toString('utf8', at + 1, at + 1 + entry[at]!);
}
