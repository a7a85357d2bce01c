import { z } from 'zod';
import { attributeCode } from './catalogue/attributes.js';
import { PURPOSES, purposeCode } from './catalogue/purposes.js';
import { agencyCode } from './events/vetting.js';

const attributes = z.array(attributeCode).min(1).max(32);

/** One thing that would be otherwise. */
export const policyChange = z.discriminatedUnion('kind', [
  /** An agency no longer receives some attributes for a purpose; without `remove`, none at all. */
  z.strictObject({
    kind: z.literal('narrow-accreditation'),
    agency: agencyCode,
    purpose: purposeCode,
    remove: attributes.optional(),
  }),
  /** An agency may receive more for a purpose that it is accredited for. */
  z
    .strictObject({ kind: z.literal('widen-accreditation'), agency: agencyCode, purpose: purposeCode, add: attributes })
    .refine(({ purpose, add }) => add.every((code) => PURPOSES[purpose].bound.some((one) => one === code)), {
      path: ['add'],
      message: 'within-the-bound-of-the-purpose',
    }),
  z.strictObject({ kind: z.literal('suspend-agency'), agency: agencyCode }),
  z.strictObject({ kind: z.literal('restore-agency'), agency: agencyCode }),
  z.strictObject({ kind: z.literal('revoke-accreditation'), agency: agencyCode }),
  /** A purpose no longer covers some attributes, for whomever. */
  z.strictObject({ kind: z.literal('narrow-purpose'), purpose: purposeCode, remove: attributes }),
  /** Every grant to an agency for a purpose is withdrawn. */
  z.strictObject({ kind: z.literal('withdraw-grants'), agency: agencyCode, purpose: purposeCode }),
]);
export type PolicyChange = z.output<typeof policyChange>;

/** A policy to be tried out: what would be otherwise, one after the other. */
export const policyProposal = z.strictObject({
  /** For people; named in the record of who tried it out. */
  title: z.string().trim().min(1).max(80),
  changes: z.array(policyChange).min(1).max(50),
});
export type PolicyProposal = z.output<typeof policyProposal>;
