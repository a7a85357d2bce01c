import { z } from 'zod';
import { uuid } from '../ids.js';

/** Records of access.events, written by every service: reads, refusals, administration. */
export const ACCESS_READ = 'sluice.access.read.v1';
export const ACCESS_REFUSED = 'sluice.access.refused.v1';
export const ACCESS_ADMINISTERED = 'sluice.access.administered.v1';

export const accessEvents = {
  [ACCESS_READ]: z.strictObject({
    subject: uuid,
    by: z.string(),
    what: z.string().max(80),
    attributes: z.array(z.string()).optional(),
  }),
  [ACCESS_REFUSED]: z.strictObject({
    subject: uuid.optional(),
    by: z.string(),
    endpoint: z.string().max(80),
    problem: z.string().max(40),
  }),
  [ACCESS_ADMINISTERED]: z.strictObject({ by: z.string(), act: z.string().max(80), target: z.string().max(200) }),
} as const;

export type AccessEventType = keyof typeof accessEvents;
export type AccessEventData<T extends AccessEventType> = z.output<(typeof accessEvents)[T]>;
