import { z } from 'zod';
import { uuid } from '../ids.js';
import { agencyCode } from './vetting.js';

/** Record of delivery.ledger: one batch of one partition (codec/ledger-batch.ts). */
export const LEDGER_BATCH = 'sluice.delivery.batch-decided.v1';

/** Records of delivery.fences, keyed by subject (a grant's) or agency (a sanction's). */
export const GRANT_FENCE_APPLIED = 'sluice.delivery.grant-fence-applied.v1';
export const AGENCY_FENCE_APPLIED = 'sluice.delivery.agency-fence-applied.v1';

export const fenceEvents = {
  /** `grantVersion` is that of the event which caused the stop, pause or narrowing. */
  [GRANT_FENCE_APPLIED]: z.strictObject({
    grant: uuid,
    subject: uuid,
    agency: agencyCode,
    grantVersion: z.int(),
    lane: z.int(),
    sequence: z.int(),
  }),
  /** One for each lane; `agencyVersion` is that of the sanction. */
  [AGENCY_FENCE_APPLIED]: z.strictObject({
    agency: agencyCode,
    agencyVersion: z.int(),
    lane: z.int(),
    sequence: z.int(),
  }),
} as const;

export type GrantFenceApplied = z.output<(typeof fenceEvents)[typeof GRANT_FENCE_APPLIED]>;
export type AgencyFenceApplied = z.output<(typeof fenceEvents)[typeof AGENCY_FENCE_APPLIED]>;
