import { hash, randomUUID } from 'node:crypto';
import {
  ACCESS_READ,
  type AccessEventData,
  attributeSet,
  encodeLedgerBatch,
  GRANT_ACTIVATED,
  HEADER,
  JSON_CONTENT,
  LEDGER_BATCH,
  LEDGER_CONTENT,
  type LedgerBatch,
  type LedgerDecision,
  type LedgerSource,
  NIL_UUID,
  SOURCE_KIND,
  SOURCE_TOPIC,
} from '@sluice/contracts';
import type { OutgoingRecord } from '@sluice/messaging';

let logPosition = 0;

/** Headers as a relay writes them, each event one further in its service's log. */
export function headersOf(source: string, type: string, actor: string, time: Date): Record<string, string> {
  logPosition += 1;
  return {
    [HEADER.contentType]: JSON_CONTENT,
    [HEADER.specVersion]: '1.0',
    [HEADER.id]: randomUUID(),
    [HEADER.source]: source,
    [HEADER.type]: type,
    [HEADER.time]: time.toISOString(),
    [HEADER.partitionKey]: randomUUID(),
    [HEADER.sequence]: '1',
    [HEADER.logPosition]: `1000.${logPosition}`,
    [HEADER.actor]: actor,
    [HEADER.correlationId]: randomUUID(),
  };
}

export function grantActivated(topic: string, partition: number, subject: string, at = new Date()): OutgoingRecord {
  const grant = randomUUID();
  const data = {
    grant,
    subject,
    grantVersion: 2,
    terms: {
      agency: 'harbour-bank',
      purpose: 'kyc-refresh',
      attributes: ['mobilePhone'],
      mode: 'stream',
      validFrom: '2026-01-01T00:00:00Z',
      validUntil: '2027-01-01T00:00:00Z',
      dataLifeDays: 30,
      basis: 'consent',
    },
  };
  return {
    topic,
    partition,
    key: Buffer.from(subject),
    value: Buffer.from(JSON.stringify(data)),
    headers: headersOf('/consent', GRANT_ACTIVATED, `person:${subject}`, at),
  };
}

export function readingOf(topic: string, partition: number, data: AccessEventData<typeof ACCESS_READ>): OutgoingRecord {
  return {
    topic,
    partition,
    key: Buffer.from(randomUUID()),
    value: Buffer.from(JSON.stringify(data)),
    headers: headersOf('/registry', ACCESS_READ, data.by, new Date()),
  };
}

/** What happens to one person in a batch of the ledger. */
export interface Happening {
  subject: string;
  kind?: LedgerSource['kind'];
  /** Outcome for each agency. */
  outcomes?: Record<string, LedgerDecision['outcome']>;
  /** The plan of a replay. */
  replay?: string | undefined;
}

/** Plays delivery: batches whose sequences, lanes and digests follow one another as delivery's do. */
export class LedgerAuthor {
  #sequence = 0;
  #offset = 0n;
  #previous: Buffer = Buffer.alloc(32);
  readonly #lanes = new Map<string, { last: number; digest: Buffer }>();

  constructor(private readonly partition: number) {}

  next(happenings: readonly Happening[], decidedAt = Date.now()): LedgerBatch {
    const sources = happenings.map((happening) => this.#source(happening, decidedAt));
    const decisions = happenings.flatMap(({ outcomes = {} }, source) =>
      Object.entries(outcomes).map(([agency, outcome]) => decision(source, agency, outcome)),
    );
    // As delivery writes them: together by agency, since a block holds one agency's.
    decisions.sort((a, b) => (a.agency < b.agency ? -1 : a.agency > b.agency ? 1 : a.source - b.source));
    this.#sequence += 1;
    const batch: LedgerBatch = {
      partition: this.partition,
      sequence: this.#sequence,
      epoch: 1,
      decidedAt,
      catalogueVersion: 1,
      registryOffset: this.#offset,
      consentOffset: 0n,
      vettingOffset: 0n,
      previous: this.#previous,
      sources,
      decisions,
      blocks: this.#blocks(decisions),
    };
    this.#previous = hash('sha256', encodeLedgerBatch(batch), 'buffer');
    return batch;
  }

  #source({ subject, kind = SOURCE_KIND.changed, replay }: Happening, decidedAt: number): LedgerSource {
    this.#offset += 1n;
    return {
      topic: SOURCE_TOPIC.registry,
      kind,
      offset: this.#offset,
      eventId: randomUUID(),
      subject,
      version: Number(this.#offset),
      attributes: attributeSet(['mobilePhone', 'employer']),
      time: decidedAt - 20,
      actor: subject === NIL_UUID ? 'staff:sol' : `person:${subject}`,
      ...(replay !== undefined && { replay }),
    };
  }

  #blocks(decisions: readonly LedgerDecision[]): LedgerBatch['blocks'] {
    const delivered = Map.groupBy(
      decisions.filter(({ outcome }) => outcome === 'delivered'),
      ({ agency }) => agency,
    );
    return [...delivered].map(([agency, { length }]) => {
      const { last, digest: previous } = this.#lanes.get(agency) ?? { last: 0, digest: Buffer.alloc(32) };
      const digest = hash('sha256', `${agency} ${last}`, 'buffer');
      this.#lanes.set(agency, { last: last + length, digest });
      return { agency, first: last + 1, count: length, keyEpoch: 1, digest, previous };
    });
  }
}

export function ledgerRecord(topic: string, batch: LedgerBatch): OutgoingRecord {
  return {
    topic,
    partition: batch.partition,
    key: Buffer.from(String(batch.partition)),
    value: encodeLedgerBatch(batch),
    headers: {
      ...headersOf('/delivery', LEDGER_BATCH, 'service:delivery', new Date()),
      [HEADER.contentType]: LEDGER_CONTENT,
    },
  };
}

function decision(source: number, agency: string, outcome: LedgerDecision['outcome']): LedgerDecision {
  return {
    source,
    agency,
    outcome,
    grant: randomUUID(),
    grantVersion: 3,
    attributes: attributeSet(['mobilePhone']),
    purpose: 'kyc-refresh',
    basis: 'consent',
  };
}
