import { type AttributeCode, type ProblemCode, uuidText } from '@sluice/contracts';
import type { Command, CurrentState, EventContext, Outcome, SqlEffect } from '@sluice/event-store';
import type { Logger } from '@sluice/platform';
import { type BlindIndex, SealBroken, type SubjectKeys } from '@sluice/vault';
import { identityIn } from '../domain/identity.js';
import type { Profile } from '../domain/profile.js';
import type { Refusal } from '../domain/refusal.js';
import { type Decision, evolve, type Nobody, type SubjectEvent } from '../domain/subject.js';
import { openProfile, sealEvent, sealState } from './sealed-subject.js';

/** Stored beside the idempotency key, so without any value. */
export interface SubjectChanged {
  readonly subject: string;
  readonly version: number;
  readonly changed: readonly AttributeCode[];
}

export type SubjectReply = SubjectChanged | Refusal;

export interface SubjectCommand {
  readonly subject: string;
  readonly context: EventContext;
  readonly idempotency?: { readonly key: string; readonly requestDigest: Buffer };
  /** Pure; runs again when another writer was first. */
  readonly decide: (subject: Profile | Nobody) => Decision<ProblemCode>;
}

/** Violated where an identity is another subject's already. */
export const IDENTITY_CONSTRAINT = 'identity_index_pkey';

// A subject may name an identity again (an older passport): that is its own row. Another subject's row stays in the way.
const CLAIM_IDENTITY = `insert into registry.identity_index (blind, subject)
  select $1::bytea, $2::uuid
   where not exists (select from registry.identity_index where blind = $1 and subject = $2)`;

/** Makes commands for the event store of decisions about subjects: opens what is stored, seals what is decided. */
export class SubjectCommands {
  constructor(
    private readonly keys: SubjectKeys,
    private readonly identities: BlindIndex,
    private readonly logger: Logger,
  ) {}

  commandFor({ subject, context, idempotency, decide }: SubjectCommand): Command<SubjectReply> {
    return {
      stream: subject,
      context,
      ...(idempotency !== undefined && { idempotency }),
      decide: (current) => {
        try {
          return this.outcome(subject, current, decide);
        } catch (err) {
          // One profile that was tampered with must not stop the batch it is in, or a filing would never get past it.
          if (!(err instanceof SealBroken)) throw err;
          this.logger.error({ err, stream: subject, version: current.version }, 'a stored profile does not open');
          return { kind: 'nothing', reply: { refused: 'internal' } };
        }
      },
    };
  }

  /**
   * The id of a person whom a publisher registers: the same whenever the same request comes, so that a repeat meets the
   * first, and to everybody else as good as random. A uuid of version 8 (RFC 9562, 5.8).
   */
  newSubject(idempotencyKey: string): string {
    const bytes = this.identities.of('registration', idempotencyKey).subarray(0, 16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x80;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return uuidText(bytes);
  }

  private outcome(subject: string, current: CurrentState, decide: SubjectCommand['decide']): Outcome<SubjectReply> {
    const key = this.keys.get(subject);
    const before =
      current.version === 0
        ? 'absent'
        : key === undefined
          ? 'erased'
          : // Memos are what this method left below.
            ((current.memo as Profile | undefined) ?? openProfile(key, subject, current));
    const decision = decide(before);
    if (decision === 'unchanged') {
      return {
        kind: 'nothing',
        reply: { subject, version: typeof before === 'string' ? 0 : before.version, changed: [] },
      };
    }
    if ('refused' in decision) return { kind: 'nothing', reply: decision };
    // Only a registration comes here without a key: it was destroyed, and the vault makes no second one.
    if (key === undefined) return { kind: 'nothing', reply: { refused: 'already-registered' } };
    const after = evolve(before, decision);
    const streamVersion = current.version + 1;
    return {
      kind: 'append',
      events: [sealEvent(key, subject, decision, streamVersion)],
      state: () => sealState(key, subject, after, streamVersion),
      reply: { subject, version: after.version, changed: Object.keys(decision.values) as AttributeCode[] },
      effects: this.claims(subject, decision),
      memo: after,
    };
  }

  /** What else has to hold in the transaction: an identity belongs to one subject. */
  private claims(subject: string, event: SubjectEvent): SqlEffect[] {
    const identity = event.kind === 'snapshot' ? undefined : identityIn(event.values);
    if (identity === undefined) return NO_EFFECTS;
    const blind = this.identities.of(identity.kind, identity.value);
    return [{ name: 'claim-identity', text: CLAIM_IDENTITY, values: [blind, subject] }];
  }
}

const NO_EFFECTS: SqlEffect[] = [];
