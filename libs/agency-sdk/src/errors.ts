/**
 * Everything that can go wrong in the SDK, as a closed list.
 *
 * | code | cause | try again |
 * | --- | --- | --- |
 * | `options-invalid` | the options contradict the rules, e.g. a group id outside `<agency>.` | no: correct them |
 * | `private-key-unusable` | the private key given is not a P-256 key | no: give another |
 * | `content-key-locked` | none of your private keys unwraps the block's key | no: add the key that was registered then |
 * | `block-malformed` | headers or content of a block do not follow the format | no: report it to the centre |
 * | `block-broken` | the block does not decrypt: changed bytes, or headers that belong to another | no: report it |
 * | `chain-broken` | the block does not follow the one you applied last | no: report it |
 * | `gap` | deliveries are missing between the last one and this | no: see `onGap` |
 * | `handler-failed` | your `onEvent` or `onReplay` threw; the cause is what it threw | yes, and the feed does |
 * | `position-store-failed` | your position store did not load or save | yes, and the feed does |
 * | `token-unavailable` | your `token` function failed | yes, and the feed does |
 * | `token-refused` | the broker or the registry does not accept the token | yes, with another token |
 * | `feed-not-allowed` | the broker refuses the topic or the group: suspended, or not your feed | yes, once restored |
 * | `feed-missing` | the feed does not exist yet | yes: it is made on accreditation |
 * | `broker-unreachable` | no answer from Kafka | yes, and the feed does |
 * | `registry-unreachable` | no answer from the registry, or the connection broke | yes: the same call again |
 * | `request-refused` | the registry answered a problem document | as its code says, see `retryable` |
 * | `reply-malformed` | the registry's answer does not follow its contract | no: report it |
 */
export const SLUICE_ERRORS = {
  'options-invalid': { retryable: false },
  'private-key-unusable': { retryable: false },
  'content-key-locked': { retryable: false },
  'block-malformed': { retryable: false },
  'block-broken': { retryable: false },
  'chain-broken': { retryable: false },
  gap: { retryable: false },
  'handler-failed': { retryable: true },
  'position-store-failed': { retryable: true },
  'token-unavailable': { retryable: true },
  'token-refused': { retryable: true },
  'feed-not-allowed': { retryable: true },
  'feed-missing': { retryable: true },
  'broker-unreachable': { retryable: true },
  'registry-unreachable': { retryable: true },
  'request-refused': { retryable: false },
  'reply-malformed': { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type SluiceErrorCode = keyof typeof SLUICE_ERRORS;

/** Carries neither a personal value nor a key in its message: it may be logged. Its `cause` may hold what you threw. */
export class SluiceError extends Error {
  override readonly name: string = 'SluiceError';

  constructor(
    readonly code: SluiceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same thing can succeed later without being changed. */
  get retryable(): boolean {
    return SLUICE_ERRORS[this.code].retryable;
  }
}
