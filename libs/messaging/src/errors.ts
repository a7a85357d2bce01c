/**
 * Every way in which messaging itself fails.
 *
 * | code | cause | try again |
 * | --- | --- | --- |
 * | `unreachable` | no broker answered in time; records may or may not be stored | yes |
 * | `unknown-topic` | the topic or its partition does not exist | after creating it |
 * | `not-authorised` | the broker refuses this principal, or its credentials | no |
 * | `topic-differs` | the topic exists with another number of partitions | no |
 * | `broker-error` | the broker answered with an error that no retry heals; see the message | no |
 * | `held-back` | an earlier record of the same partition was refused or lost its chance; these were not stored | yes, in order |
 * | `closed` | the client was closed | no |
 */
export type MessagingErrorCode =
  | 'unreachable'
  | 'unknown-topic'
  | 'not-authorised'
  | 'topic-differs'
  | 'broker-error'
  | 'held-back'
  | 'closed';

export class MessagingError extends Error {
  override readonly name: string = 'MessagingError';

  constructor(
    readonly code: MessagingErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return this.code === 'unreachable' || this.code === 'held-back';
  }
}

/** Thrown by a handler: this event cannot be handled now, try again later and hold its partition meanwhile. */
export class Retryable extends Error {
  override readonly name = 'Retryable';
}

/**
 * Thrown by a handler: this event can never be handled as it is; park it.
 * The reason is stored and shown to operators: it MUST name the rule and never carry a personal value.
 */
export class Poison extends Error {
  override readonly name = 'Poison';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
