/**
 * Every way in which the store itself can fail. What a caller can cause is not here: that is an `Executed`.
 *
 * | code | cause | try again |
 * | --- | --- | --- |
 * | `unavailable` | PostgreSQL or a connection could not be had; nothing was written | yes |
 * | `outcome-unknown` | the connection broke while committing; it may or may not be stored | yes, with the same idempotency key |
 * | `contended` | other writers were first, five times in a row | yes |
 * | `closed` | the store was closed | no |
 * | `rejected` | PostgreSQL refused the statement; see `cause` | no |
 */
export type EventStoreErrorCode = 'unavailable' | 'outcome-unknown' | 'contended' | 'closed' | 'rejected';

export class EventStoreError extends Error {
  override readonly name = 'EventStoreError';

  constructor(
    readonly code: EventStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'outcome-unknown' || this.code === 'contended';
  }
}
