/**
 * Everything the vault refuses, as a closed list.
 *
 * | code | cause | try again |
 * | --- | --- | --- |
 * | `seal-broken` | wrong key, wrong additional data, or changed bytes | no |
 * | `key-file-missing` | the key directory lacks the named file | no: an operator must provide it |
 * | `key-file-too-open` | group or others may read the key file | no: `chmod 600` it |
 * | `key-file-malformed` | the file is not a key of the expected kind | no |
 * | `key-not-loaded` | `get` without `preload`, or evicted since | yes: preload again |
 * | `too-many-subjects` | one preload asks for more than the cache can hold | no: ask in smaller batches |
 * | `agency-key-unusable` | the registered key is not a public P-256 JWK | no: the agency must register another |
 * | `receipt-invalid` | the signature does not belong to this text and key | no |
 */
export type VaultErrorCode =
  | 'seal-broken'
  | 'key-file-missing'
  | 'key-file-too-open'
  | 'key-file-malformed'
  | 'key-not-loaded'
  | 'too-many-subjects'
  | 'agency-key-unusable'
  | 'receipt-invalid';

/** Carries no key material and no personal value in its message: it may be logged. */
export class VaultError extends Error {
  override readonly name: string = 'VaultError';

  constructor(
    readonly code: VaultErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same call can succeed later without a person's help. */
  get retryable(): boolean {
    return this.code === 'key-not-loaded';
  }
}

/** What was sealed does not open: wrong key, wrong additional data, or changed bytes. GCM cannot tell which. */
export class SealBroken extends VaultError {
  override readonly name = 'SealBroken';

  constructor(options?: ErrorOptions) {
    super('seal-broken', 'the sealed value does not open under this key and additional data', options);
  }
}
