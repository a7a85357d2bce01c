import type { AttributeCode, ConsentEventData, FencePosition, GRANT_OFFERED } from '@sluice/contracts';
import type { Accreditation } from './accreditation.js';
import type { Actor } from './grant.js';
import type { MoveName } from './moves.js';
import type { Proposal } from './terms.js';

/** The text a person saw when agreeing, and how. */
export type ShownText = ConsentEventData<typeof GRANT_OFFERED>['shown'];

/** A command on one grant. The first two begin it; a fence is delivery's answer and no move of anybody. */
export type GrantCommand =
  | { readonly move: 'request'; readonly grant: string; readonly subject: string; readonly proposal: Proposal }
  | { readonly move: 'offer'; readonly grant: string; readonly shown: ShownText; readonly proposal: Proposal }
  | { readonly move: 'fence'; readonly fencedVersion: number; readonly fence: FencePosition }
  | { readonly move: 'review'; readonly outcome: 'approve' | 'refuse' }
  | { readonly move: 'narrow'; readonly remove: readonly AttributeCode[] }
  | { readonly move: 'widen'; readonly add: readonly AttributeCode[] }
  | { readonly move: 'withdraw'; readonly deleteData: boolean }
  | PlainMove;

/** A move that says everything by its name. */
type PlainMove = {
  [M in Exclude<MoveName, 'review' | 'narrow' | 'widen' | 'withdraw'>]: { readonly move: M };
}[Exclude<MoveName, 'review' | 'narrow' | 'widen' | 'withdraw'>];

export type CommandOf<M extends GrantCommand['move']> = Extract<GrantCommand, { move: M }>;

/** Everything a decision depends on beside the grant itself; the clock is read once, by the caller. */
export interface Facts {
  readonly actor: Actor;
  readonly now: Date;
  /** Of the grant's agency; needed by moves that open or reopen the way to it. */
  readonly accreditation?: Accreditation | undefined;
  /** The version the caller saw, where it said so. */
  readonly ifMatch?: number | undefined;
}
