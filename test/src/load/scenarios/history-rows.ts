import { randomUUID } from 'node:crypto';
import { attributeSet, encodeLedgerBatch, type LedgerDecision, SOURCE_KIND, SOURCE_TOPIC } from '@sluice/contracts';
import pg from 'pg';

/** Of the ledger's record: head, source, decision. */
const HEAD_BYTES = 98;
const SOURCE_BYTES = 64;
const DECISION_BYTES = 38;
const ROWS_AT_ONCE = 200_000;
/** A busy person: fifty pages of ten entries. */
const ROWS_OF_A_PERSON = 500;
const LANES = 6;

export const RECIPIENTS = ['harbour-bank', 'beacon-credit', 'city-tax'] as const;

/** The nth person whose history was filled. */
export function subjectOf(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/**
 * Fills histories with rows as the intake writes them, three recipients each. One person's rows lie apart, as they come to
 * lie over months: no page finds its rows side by side. Gives the number of persons.
 */
export async function fillHistories(adminUrl: string, rows: number): Promise<number> {
  const persons = Math.max(1, Math.ceil(rows / ROWS_OF_A_PERSON));
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (let from = 1; from <= rows; from += ROWS_AT_ONCE) {
      await client.query(
        `insert into audit.history (subject, at, ref, entry)
         select ('00000000-0000-4000-8000-' || lpad(to_hex(n % $3), 12, '0'))::uuid,
           timestamptz '2025-01-01' + n * interval '1 second',
           (1::bigint << 60) | ((n % ${LANES})::bigint << 54) | (((1::bigint << 37) + n) << 16), $4
         from generate_series($1::bigint, $2::bigint) as n`,
        [from, Math.min(rows, from + ROWS_AT_ONCE - 1), persons, entry()],
      );
    }
    await client.query('vacuum analyze audit.history');
    await client.query('checkpoint');
    return persons;
  } finally {
    await client.end();
  }
}

/** One source event with three deliveries: the layout is that of services/audit/src/domain/ledger-entries.ts. */
function entry(): Buffer {
  const subject = subjectOf(0);
  const decisions = RECIPIENTS.map(
    (agency): LedgerDecision => ({
      source: 0,
      agency,
      outcome: 'delivered',
      grant: randomUUID(),
      grantVersion: 2,
      attributes: attributeSet(['mobilePhone']),
      purpose: 'kyc-refresh',
      basis: 'consent',
    }),
  );
  const actor = Buffer.from(`person:${subject}`);
  const batch = encodeLedgerBatch({
    partition: 0,
    sequence: 1,
    epoch: 1,
    decidedAt: Date.now(),
    catalogueVersion: 1,
    registryOffset: 0n,
    consentOffset: 0n,
    vettingOffset: 0n,
    previous: Buffer.alloc(32),
    sources: [
      {
        topic: SOURCE_TOPIC.registry,
        kind: SOURCE_KIND.changed,
        offset: 1n,
        eventId: randomUUID(),
        subject,
        version: 7,
        attributes: attributeSet(['mobilePhone', 'employer']),
        time: Date.now(),
        actor: actor.toString(),
      },
    ],
    decisions,
    blocks: [],
  });
  const head = Buffer.alloc(12);
  head[0] = 1;
  head.writeUInt16BE(decisions.length, 2);
  head.writeUInt32BE(1, 8);
  const source = batch.subarray(HEAD_BYTES, HEAD_BYTES + SOURCE_BYTES);
  const parts = decisions.flatMap(({ agency }, i) => {
    const at = HEAD_BYTES + SOURCE_BYTES + i * DECISION_BYTES;
    const sequence = Buffer.alloc(8);
    sequence.writeUInt32BE(i + 1, 4);
    return [batch.subarray(at, at + DECISION_BYTES), sequence, short(Buffer.from(agency))];
  });
  return Buffer.concat([head, source, short(actor), ...parts]);
}

function short(text: Buffer): Buffer {
  return Buffer.concat([Buffer.from([text.length]), text]);
}
