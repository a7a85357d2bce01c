import { createHmac, type KeyObject } from 'node:crypto';

/**
 * Finds a value without storing it: equal values give equal 32 bytes, and without the secret nobody can test a guess
 * (identity numbers are few enough to try them all against a plain hash).
 */
export class BlindIndex {
  readonly #secret: KeyObject;

  /** @param secret the provider's `blind-index` secret */
  constructor(secret: KeyObject) {
    this.#secret = secret;
  }

  /**
   * @param kind what the value is, such as `identity-number`: equal texts of different kinds do not match
   * @param value in its normal form; the caller normalises
   */
  of(kind: string, value: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${kind.length}:${kind}:${value}`, 'utf8').digest();
  }
}
