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
