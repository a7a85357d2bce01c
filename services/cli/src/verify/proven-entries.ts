import {
  attributesIn,
  type HistoryEntry,
  type HistoryProof,
  LAWFUL_BASES,
  NIL_UUID,
  OUTCOMES,
  PURPOSE_CODES,
  PURPOSES,
  SOURCE_KIND,
  uuidText,
} from '@sluice/contracts';

/** An entry as its proven bytes say it. */
export type ProvenEntry = Omit<HistoryEntry, 'id' | 'links' | 'labels' | 'sealed'>;

/** First byte of what an event is. */
const FORMAT = { ledger: 1, event: 2, replay: 3 } as const;

/** Before it: place and time. */
const PLACE_BYTES = 8;
const PREFIX_BYTES = 16;
/** Places in the head of a row that the ledger made, behind the prefix: docs/design/completeness.md. */
const HEAD = { lane: 1, kind: 13, eventId: 24, version: 56, attributes: 60, time: 64, actor: 76 } as const;
/** Places in a decision. */
const DECISION = { outcome: 6, purpose: 7, basis: 8, version: 10, attributes: 14, grant: 18, sequence: 38, agency: 46 };

const KINDS = new Map<number, string>(Object.entries(SOURCE_KIND).map(([name, number]) => [number, name]));
const PURPOSE_BY_NUMBER = new Map<number, string>(PURPOSE_CODES.map((code) => [PURPOSES[code].number, code]));

/** The entries of a history that was verified, newest first: read from the bytes that the proof is about, and from nothing else. */
export function provenEntries({ rows }: HistoryProof): ProvenEntry[] {
  return rows.flatMap(entriesOf).sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}

function entriesOf({ head, decisions }: HistoryProof['rows'][number]): ProvenEntry[] {
  if (typeof head === 'string') return [];
  const bytes = Buffer.from(head.content, 'base64');
  const at = new Date(Number(bytes.readBigUInt64BE(PLACE_BYTES))).toISOString();
  const said = bytes.subarray(PREFIX_BYTES);
  if (said[0] === FORMAT.event) return [{ at, ...JSON.parse(said.toString('utf8', 1)) }];
  if (said[0] !== FORMAT.ledger && said[0] !== FORMAT.replay)
    throw new RangeError('an entry of a format from later times');
  const source = {
    kind: KINDS.get(said[HEAD.kind]!),
    actor: short(said, HEAD.actor),
    event: uuidText(said, HEAD.eventId),
  };
  const plan = said[0] === FORMAT.replay ? short(said, HEAD.actor + 1 + said[HEAD.actor]!) : undefined;
  const opened = decisions.filter((one) => typeof one !== 'string');
  const decided = opened.map(({ content }) => decision(Buffer.from(content, 'base64'), source.kind, said[HEAD.lane]!));
  const common = { at, actor: source.actor, event: source.event, ...(plan !== undefined && { replay: plan }) };
  return [...(plan === undefined ? own(said, source.kind) : []), ...decided]
    .map((one) => ({ ...common, ...one }))
    .reverse();
}

type Said = Omit<ProvenEntry, 'at' | 'actor' | 'event'>;

/** What the event itself is. A snapshot or a stop shows in what followed. */
function own(said: Buffer, kind: string | undefined): Said[] {
  if (kind !== 'registered' && kind !== 'changed') return [];
  const recorded = new Date(Number(said.readBigUInt64BE(HEAD.time))).toISOString();
  return [
    {
      kind,
      attributes: attributesIn(said.readUInt32BE(HEAD.attributes)),
      detail: `version ${said.readUInt32BE(HEAD.version)}, recorded ${recorded}`,
    },
  ];
}

function decision(said: Buffer, kind: string | undefined, lane: number): Said {
  const outcome = OUTCOMES[said[DECISION.outcome]!]!;
  const purpose = PURPOSE_BY_NUMBER.get(said[DECISION.purpose]!);
  const basis = LAWFUL_BASES[said[DECISION.basis]!];
  const grant = uuidText(said, DECISION.grant);
  const sequence = Number(said.readBigUInt64BE(DECISION.sequence));
  return {
    kind: outcome === 'delivered' ? delivery(kind) : 'refused',
    recipient: short(said, DECISION.agency),
    attributes: attributesIn(said.readUInt32BE(DECISION.attributes)),
    ...(purpose !== undefined && { purpose }),
    ...(basis !== undefined && { basis }),
    ...(grant !== NIL_UUID && { grant, grantVersion: said.readUInt32BE(DECISION.version) }),
    outcome,
    ...(sequence !== 0 && { lane, sequence }),
  };
}

function delivery(kind: string | undefined): 'delivered' | 'snapshot' | 'notice' {
  if (kind === 'snapshot') return kind;
  return kind === 'registered' || kind === 'changed' ? 'delivered' : 'notice';
}

function short(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at + 1, at + 1 + bytes[at]!);
}
