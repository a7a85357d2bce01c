import { z } from 'zod';
import { uuid } from '../ids.js';
import { LANES } from '../topics.js';
import { defineEndpoint } from './endpoint.js';

/** Bytes, base64. */
const bytes = z.base64();

/** Topics that histories are made of, by role and number. */
export const HISTORY_TOPICS = { ledger: 1, consent: 2, access: 3, cases: 4 } as const;

export const readHistoryRecords = defineEndpoint({
  id: 'readHistoryRecords',
  service: 'audit',
  method: 'GET',
  path: '/history-records/:topic/:partition',
  summary: 'The records that histories are made of, and the rows made of each',
  description:
    'For auditors, who check with `sluice verify histories` that no record about a person was left out of that person’s chain. Each page that is read is on record.',
  who: ['auditor'],
  params: z.strictObject({
    topic: z.enum(Object.keys(HISTORY_TOPICS) as (keyof typeof HISTORY_TOPICS)[]),
    partition: z.coerce
      .number()
      .int()
      .min(0)
      .max(LANES - 1),
  }),
  query: z.strictObject({
    /** First offset. */
    from: z.coerce.number().int().min(0).default(0),
    /** Offset after the last. */
    to: z.coerce.number().int().min(1),
  }),
  reply: z.strictObject({
    /** From the first offset on; fewer than asked for where they are large. */
    records: z.array(
      z.strictObject({
        offset: z.int(),
        /** From its key on, as it lies in Kafka (message format 2): what the record’s leaf in the log has the digest of. */
        body: bytes,
        /** Commitments to the rows made of it, by their number within the record. */
        rows: z.array(z.strictObject({ index: z.int(), commitment: bytes })),
      }),
    ),
    /** Opens the label of each person that these records name. */
    labelKeys: z.array(z.strictObject({ subject: uuid, key: bytes })),
  }),
  status: 200,
  problems: ['cannot-record', 'not-ready'],
});
