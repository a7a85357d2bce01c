import type { KeyObject } from 'node:crypto';

/** Names a secret; each gets its own key, and none can be computed from another. */
export type SecretName = 'pairwise' | 'blind-index' | 'content' | (string & {});

/**
 * Holds the root of all keys. The file-based one serves development; a KMS or PKCS#11 token takes its place behind the
 * same interface. An implementation MUST bind what it wraps to `aad`, and MUST NOT let the root key leave it.
 */
export interface KeyProvider {
  /** Encrypts a data key under the key-encryption key. */
  wrap(dataKey: Buffer, aad: string): Promise<Buffer>;
  /** Opens what `wrap` made with the same `aad`. @throws {SealBroken} */
  unwrap(wrapped: Buffer, aad: string): Promise<Buffer>;
  /** A 32-byte key that is the same in every process with this root. */
  secret(name: SecretName): Promise<KeyObject>;
}
