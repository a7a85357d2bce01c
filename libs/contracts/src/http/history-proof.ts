import { z } from 'zod';
import { uuid } from '../ids.js';
import { defineEndpoint } from './endpoint.js';

/** Bytes, base64. */
const bytes = z.base64();

/** A part of a row, opened: its commitment is SHA-256 of salt and content. */
const openedPart = z.strictObject({ salt: bytes, content: bytes });

/** The records that a row comes from: of topic 1 (the ledger), 2 (consent's events) or 3 (records of access). */
const origin = { topic: z.int().min(1).max(7), partition: z.int().min(0).max(63) };

/** A row of a history as far as it may be shown: docs/design/completeness.md. */
export const provenRow = z.strictObject({
  ...origin,
  /** What the event itself is, or the commitment to it where it may not be shown. */
  head: z.union([openedPart, bytes]),
  /** Each decision about it, or the commitment to one that may not be shown. */
  decisions: z.array(z.union([openedPart, bytes])),
});
export type ProvenRow = z.output<typeof provenRow>;

const inBucket = z.strictObject({ index: z.int(), path: z.array(bytes) });

/** What proves that a history has so many rows, and which. */
export const historyHead = z.strictObject({
  /** Opens the label under which the map has the history. */
  labelKey: bytes,
  /** How many rows there are from each partition of each topic, and the chain over them. None: the history is empty. */
  strands: z.array(z.strictObject({ ...origin, rows: z.int().min(1), link: bytes })),
  map: z.strictObject({
    /** Labels in the bucket. */
    count: z.int(),
    /** Where the label is in it; absent where the map does not have it. */
    place: inBucket.optional(),
    /** Then: the labels before and after. */
    around: z.array(inBucket.extend({ label: bytes, value: bytes })).optional(),
    /** From the bucket to the map's root. */
    path: z.array(bytes),
  }),
  /** The log's leaf for the map. */
  leaf: z.string(),
  /** From the leaf to a signed checkpoint: https://c2sp.org/tlog-proof. */
  proof: z.string(),
});
export type HistoryHead = z.output<typeof historyHead>;

/** A whole history with its proof, as a person keeps it in a file. */
export const historyProof = z.strictObject({
  format: z.literal('sluice-history-proof-1'),
  subject: uuid,
  head: historyHead,
  rows: z.array(provenRow),
});
export type HistoryProof = z.output<typeof historyProof>;

export const readHistoryProof = defineEndpoint({
  id: 'readHistoryProof',
  service: 'audit',
  method: 'GET',
  path: '/subjects/:subject/history/proof',
  summary: 'A history with a proof that it is complete, to keep and to check offline',
  description:
    'In pages: the first brings the head, the others further rows; together they make the document that `sluice verify history` checks. What was recorded since the last epoch, half a minute at most, is not in it yet.',
  who: ['person', 'auditor'],
  params: z.strictObject({ subject: uuid }),
  query: z.strictObject({
    /** `next` of the page before. */
    after: z
      .string()
      .regex(/^\d{1,15}\.\d{1,19}$/)
      .optional(),
  }),
  reply: z.strictObject({
    subject: uuid,
    /** Of the first page. */
    head: historyHead.optional(),
    rows: z.array(provenRow),
    next: z.string().optional(),
  }),
  status: 200,
  problems: ['not-found', 'cannot-record', 'not-ready'],
});
