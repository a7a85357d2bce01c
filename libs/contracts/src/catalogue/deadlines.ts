/** What a person may raise about an entry of their history. */
export const CASE_KINDS = ['question', 'objection'] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

/**
 * Days that the agency concerned has for its answer, and the centre for its decision. PIPL article 50 wants a mechanism
 * and names no number; an objection takes longer, because the agency has to look into it.
 */
export const CASE_DEADLINE_DAYS: Readonly<Record<CaseKind, { readonly answer: number; readonly decision: number }>> = {
  question: { answer: 15, decision: 15 },
  objection: { answer: 30, decision: 30 },
};

/** Of one person at a time; more would be a flood, not a question. */
export const MAX_OPEN_CASES = 20;
