import type {
  AttributeCode,
  ConsentEventData,
  ConsentEventType,
  GrantTerms,
  GrantView,
  ProblemCode,
  ProblemDetail,
} from '@sluice/contracts';

export type GrantState = GrantView['state'];

/** The two sides of every agreement. */
export type Side = 'person' | 'agency';

/** Who makes a move: a side of the grant, a supervisor of the centre, or this service by itself (the clock, a sanction). */
export type Actor =
  | { readonly kind: 'person'; readonly subject: string }
  | { readonly kind: 'agency'; readonly agency: string }
  | { readonly kind: 'supervisor' }
  | { readonly kind: 'service' };

/** One arrangement between a person and an agency; a fold over its events. */
export interface Grant {
  readonly grant: string;
  readonly subject: string;
  /** Counts the events of this grant. */
  readonly version: number;
  /**
   * The version of the last event that changed what the sides see. Events after it only record an effect (a fence, a
   * snapshot), so a caller who saw this version or a later one has seen the present grant.
   */
  readonly changedIn: number;
  readonly state: GrantState;
  readonly terms: GrantTerms;
  /** Attributes to be added, and the sides that have agreed to them so far. */
  readonly widening?: { readonly attributes: readonly AttributeCode[]; readonly agreed: readonly Side[] };
  /** Versions of the stops, pauses and narrowings whose fence has not been answered yet. */
  readonly unfenced: readonly number[];
}

/** One event of consent.events with its payload. */
export type GrantEvent = {
  [T in ConsentEventType]: { readonly type: T; readonly data: ConsentEventData<T> };
}[ConsentEventType];

/** A refusal that a caller can cause. `errors` name places and rules, never values. */
export interface Refused {
  readonly refused: ProblemCode;
  readonly errors?: readonly ProblemDetail[];
}

/** What a decision makes: at most one event, none where everything stays as it is. */
export type Decision = GrantEvent | 'unchanged' | Refused;

/** Whether two sets of attributes are the same, in whatever order they are written. */
export function sameMembers(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((member) => other.includes(member));
}

export const WRONG_STATE: Refused = { refused: 'wrong-state' };

export function isRefused(result: unknown): result is Refused {
  return typeof result === 'object' && result !== null && 'refused' in result;
}

/** What every further event of a grant begins with; `terms` are those after the event. */
export function nextOf(grant: Grant, terms: GrantTerms = grant.terms) {
  return { grant: grant.grant, subject: grant.subject, grantVersion: grant.version + 1, terms };
}

/** Whether the actor has anything to do with this grant. To everybody else it does not exist. */
export function concerns(actor: Actor, grant: { readonly subject: string; readonly agency: string }): boolean {
  switch (actor.kind) {
    case 'person':
      return actor.subject === grant.subject;
    case 'agency':
      return actor.agency === grant.agency;
    case 'supervisor':
    case 'service':
      return true;
  }
}

/** The grant as its sides see it, before the subject is replaced by the alias an agency knows. */
export function viewOf(grant: Grant): GrantView {
  const { version, state, subject, terms, widening } = grant;
  return {
    grant: grant.grant,
    version,
    state,
    subject,
    terms,
    ...(widening !== undefined && { proposed: [...widening.attributes] }),
  };
}
