import { z } from 'zod';
import { agencyCode } from '../events/vetting.js';
import { LANES } from '../topics.js';
import { caseEndpoints } from './cases.js';
import { defineEndpoint } from './endpoint.js';
import { readFigures } from './figures.js';
import { exportHistory, readAgencyHistory, readHistory } from './history.js';
import { readHistoryProof } from './history-proof.js';
import { readHistoryRecords } from './history-records.js';
import { noticeEndpoints } from './notices.js';
import { sealEndpoints } from './seals.js';

export const listAlarms = defineEndpoint({
  id: 'listAlarms',
  service: 'audit',
  method: 'GET',
  path: '/alarms',
  summary: 'Gaps in lanes and ledgers, as found',
  who: ['operator', 'auditor', 'supervisor'],
  reply: z.strictObject({
    alarms: z.array(
      z.strictObject({
        id: z.string(),
        at: z.iso.datetime(),
        kind: z.string(),
        where: z.string(),
        expected: z.string(),
        found: z.string(),
      }),
    ),
  }),
  status: 200,
  problems: [],
});

/** Bytes, base64. */
const bytes = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const readDeliveryReceipt = defineEndpoint({
  id: 'readDeliveryReceipt',
  service: 'audit',
  method: 'GET',
  path: '/deliveries/:agency/:lane/:sequence/receipt',
  summary: 'A receipt of one delivery, to keep and to check offline',
  description:
    'For the recipient, and for the person it was about. It shows that the delivery is in the verifiable log, and nothing of any other delivery.',
  who: ['person', 'agency', 'auditor'],
  params: z.strictObject({
    agency: agencyCode,
    lane: z.coerce
      .number()
      .int()
      .min(0)
      .max(LANES - 1),
    sequence: z.coerce.number().int().min(1),
  }),
  reply: z.strictObject({
    /** The delivery in its canonical form, one line: see docs/design/audit.md. */
    delivery: z.string(),
    /** 32 bytes: the commitment is SHA-256 of a zero byte, the salt and the delivery. */
    salt: bytes,
    /** From the commitment to the root of the block's tree (RFC 6962 hashing). */
    block: z.strictObject({ index: z.int(), count: z.int(), path: z.array(bytes) }),
    /** The log's leaf for the block; it holds the root. */
    leaf: z.string(),
    /** From the leaf to a signed checkpoint: https://c2sp.org/tlog-proof. */
    proof: z.string(),
    /**
     * How many of the witnesses that the service asks have signed that checkpoint, and how many must: with fewer it is
     * unwitnessed, and asking again later gives a witnessed one. The signatures are in the proof. Absent where no
     * witness is asked.
     */
    witnesses: z.strictObject({ signed: z.int(), required: z.int() }).optional(),
  }),
  status: 200,
  problems: ['not-found', 'cannot-record'],
});

export const auditEndpoints = [
  readHistory,
  exportHistory,
  readHistoryProof,
  readHistoryRecords,
  listAlarms,
  readDeliveryReceipt,
  ...caseEndpoints,
  readFigures,
  ...sealEndpoints,
  readAgencyHistory,
  ...noticeEndpoints,
] as const;
