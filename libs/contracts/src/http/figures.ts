import { z } from 'zod';
import { purposeCode } from '../catalogue/purposes.js';
import { agencyCode } from '../events/vetting.js';
import { defineEndpoint } from './endpoint.js';

/** Null: not shown, because the count is small or would give away another that is. */
const count = z.int().min(0).nullable();
const counts = { released: count, refused: count, withdrawn: count };

/** What happened in a month, without persons. */
export const publicFigures = z.strictObject({
  /** `2026-11`, in UTC. */
  month: z.string(),
  /** While false, counts are as of now and rounded down to tens. */
  final: z.boolean(),
  /** Counts below this are not shown. */
  smallest: z.int(),
  total: z.strictObject(counts),
  purposes: z.array(z.strictObject({ purpose: purposeCode, ...counts })),
  agencies: z.array(
    z.strictObject({
      agency: agencyCode,
      ...counts,
      purposes: z.array(z.strictObject({ purpose: purposeCode, ...counts })),
    }),
  ),
  /** From the recording of a withdrawal until nothing follows it any more; absent where there were too few. */
  withdrawalTime: z.strictObject({ p50Ms: z.int(), p99Ms: z.int() }).optional(),
});
export type PublicFigures = z.output<typeof publicFigures>;

export const readFigures = defineEndpoint({
  id: 'readFigures',
  service: 'audit',
  method: 'GET',
  path: '/figures',
  summary: 'Releases, refusals and withdrawals of a month, without persons',
  description:
    'Deliveries of values by agency and purpose, refusals, withdrawals and the time they took. Small counts are not shown, nor what would give them away. May be cached.',
  who: [],
  query: z.strictObject({
    /** The present month unless given. */
    month: z
      .string()
      .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'month')
      .optional(),
  }),
  reply: publicFigures,
  status: 200,
  problems: [],
});
