import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { SealBroken } from './errors.js';

const CIPHER = 'aes-256-gcm';
export const IV_BYTES = 12;
export const TAG_BYTES = 16;
/** How much longer a text is once sealed. */
export const SEAL_BYTES = IV_BYTES + TAG_BYTES;

/** One call for random bytes serves this many ivs: a call per iv costs as much as the encryption. */
const IVS_PER_REFILL = 1024;

const randomness = Buffer.allocUnsafeSlow(IVS_PER_REFILL * IV_BYTES);
let used = randomness.length;

/** The next unused 12 random bytes. They are overwritten by the next refill: copy or use them at once. */
function nextIv(): Buffer {
  if (used === randomness.length) {
    randomFillSync(randomness);
    used = 0;
  }
  used += IV_BYTES;
  return randomness.subarray(used - IV_BYTES, used);
}

/** Ciphertext followed by its 16-byte tag. `iv` must never have been used with this key for another text. */
export function encrypt(key: KeyObject, iv: Buffer, aad: Buffer | string, plaintext: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(bytes(aad));
  const body = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

/** Opens what {@link encrypt} made. @throws {SealBroken} */
export function decrypt(key: KeyObject, iv: Buffer, aad: Buffer | string, sealed: Buffer): Buffer {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) throw new SealBroken();
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(bytes(aad))
    .setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (cause) {
    throw new SealBroken({ cause });
  }
  return plaintext;
}

/**
 * AES-256-GCM under a random iv (NIST SP 800-38D, 8.2.2: at most 2^32 texts per key, far more than one subject has).
 *
 * @param key a 32-byte secret `KeyObject`; a raw Buffer would cost four times as much per call
 * @param aad what the text is bound to: opening demands the same bytes
 * @returns `12 iv | ciphertext | 16 tag`
 */
export function seal(key: KeyObject, aad: Buffer | string, plaintext: Buffer): Buffer {
  const sealed = Buffer.allocUnsafe(plaintext.length + SEAL_BYTES);
  sealInto(sealed, 0, key, aad, plaintext);
  return sealed;
}

/** What {@link seal} returns, written to `target` at `at`; it MUST have room for `plaintext.length + SEAL_BYTES`. */
export function sealInto(target: Buffer, at: number, key: KeyObject, aad: Buffer | string, plaintext: Buffer): void {
  const iv = nextIv();
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(bytes(aad));
  iv.copy(target, at);
  const end = at + IV_BYTES + cipher.update(plaintext).copy(target, at + IV_BYTES);
  cipher.final();
  cipher.getAuthTag().copy(target, end);
}

/** Opens what {@link seal} made. @throws {SealBroken} */
export function open(key: KeyObject, aad: Buffer | string, sealed: Buffer): Buffer {
  if (sealed.length < SEAL_BYTES) throw new SealBroken();
  return decrypt(key, sealed.subarray(0, IV_BYTES), aad, sealed.subarray(IV_BYTES));
}

function bytes(aad: Buffer | string): Buffer {
  return typeof aad === 'string' ? Buffer.from(aad, 'utf8') : aad;
}
