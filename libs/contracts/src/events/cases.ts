import { z } from 'zod';
import { CASE_KINDS } from '../catalogue/deadlines.js';
import { purposeCode } from '../catalogue/purposes.js';
import { uuid } from '../ids.js';
import { agencyCode } from './vetting.js';

/** Events of audit.cases; the stream is the subject: a person's cases, and seals on their history, in one order. */
export const CASE_RAISED = 'sluice.audit.case-raised.v1';
export const CASE_ANSWERED = 'sluice.audit.case-answered.v1';
export const CASE_ACCEPTED = 'sluice.audit.case-accepted.v1';
export const CASE_ESCALATED = 'sluice.audit.case-escalated.v1';
export const CASE_DECIDED = 'sluice.audit.case-decided.v1';
/** The deadline of whoever is due passed. */
export const CASE_OVERDUE = 'sluice.audit.case-overdue.v1';

export const SEAL_DRAFTED = 'sluice.audit.seal-drafted.v1';
export const SEAL_APPROVED = 'sluice.audit.seal-approved.v1';
export const SEAL_REFUSED = 'sluice.audit.seal-refused.v1';
/** Its date came, or it was annulled: what it kept from the person shows from here on. */
export const SEAL_LIFTED = 'sluice.audit.seal-lifted.v1';

/** Sealed under the subject's data key, base64: what persons write is personal data. */
const sealedText = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

export const CASE_OUTCOMES = ['upheld', 'dismissed'] as const;

const caseBase = {
  case: uuid,
  subject: uuid,
  /** The case's own version. */
  caseVersion: z.int().min(1),
  kind: z.enum(CASE_KINDS),
  /** Absent where no agency is concerned: the case is then the centre's from the beginning. */
  agency: agencyCode.optional(),
};

const sealBase = {
  seal: uuid,
  subject: uuid,
  /** The seal's own version. */
  sealVersion: z.int().min(1),
  agency: agencyCode,
  /** Absent: whatever the purpose. */
  purpose: purposeCode.optional(),
  /** Reference of the legal instrument. */
  instrument: z.string(),
  /** Entries from this instant on; absent: all of them. */
  since: z.iso.datetime().optional(),
  until: z.iso.datetime(),
};

export const caseEvents = {
  [CASE_RAISED]: z.strictObject({
    ...caseBase,
    /** Id of the history entry it is about. */
    entry: z.string(),
    text: sealedText,
    /** By when the agency has to answer, or, without one, the centre to decide. */
    answerBy: z.iso.datetime().optional(),
    decideBy: z.iso.datetime().optional(),
  }),
  [CASE_ANSWERED]: z.strictObject({ ...caseBase, text: sealedText }),
  [CASE_ACCEPTED]: z.strictObject({ ...caseBase }),
  [CASE_ESCALATED]: z.strictObject({ ...caseBase, text: sealedText.optional(), decideBy: z.iso.datetime() }),
  [CASE_DECIDED]: z.strictObject({ ...caseBase, outcome: z.enum(CASE_OUTCOMES), text: sealedText }),
  [CASE_OVERDUE]: z.strictObject({ ...caseBase, awaited: z.enum(['answer', 'decision']), due: z.iso.datetime() }),
  [SEAL_DRAFTED]: z.strictObject({ ...sealBase, by: z.string() }),
  [SEAL_APPROVED]: z.strictObject({ ...sealBase, by: z.string(), at: z.iso.datetime() }),
  [SEAL_REFUSED]: z.strictObject({ ...sealBase, by: z.string(), reason: z.string().max(200) }),
  [SEAL_LIFTED]: z.strictObject({
    ...sealBase,
    /** When it was approved. */
    sealedFrom: z.iso.datetime(),
    liftedAt: z.iso.datetime(),
    because: z.enum(['expired', 'annulled']),
    reason: z.string().max(200).optional(),
  }),
} as const;

export type CaseEventType = keyof typeof caseEvents;
export type CaseEventData<T extends CaseEventType> = z.output<(typeof caseEvents)[T]>;
