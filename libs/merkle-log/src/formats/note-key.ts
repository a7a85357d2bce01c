import { createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { MerkleLogError } from '../errors.js';

/** Signature types of https://c2sp.org/signed-note that this library writes. */
export const NOTE_SIGNATURE = 0x01;
export const COSIGNATURE = 0x04;

const ED25519_SPKI_PREFIX_BYTES = 12;

/** An Ed25519 key under a name, that signs notes as one type of signer. */
export class NoteKey {
  readonly #privateKey: KeyObject;
  /** First four bytes of SHA-256(name || 0x0A || type || public key). */
  readonly id: Buffer;
  /** The verifier key: `<name>+<hex id>+<base64 of type || public key>`; what is given to those who check. */
  readonly verifierKey: string;

  /**
   * @param name of the log or the witness: non-empty, without spaces and `+`; a log's is its origin
   * @throws {MerkleLogError} `key-malformed`
   */
  constructor(
    readonly name: string,
    privateKey: KeyObject,
    type: typeof NOTE_SIGNATURE | typeof COSIGNATURE = NOTE_SIGNATURE,
  ) {
    if (!isKeyName(name)) {
      throw new MerkleLogError('key-malformed', 'the name of a note key must be non-empty, without spaces and +');
    }
    if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
      throw new MerkleLogError('key-malformed', `the key of ${name} is not an Ed25519 private key`);
    }
    this.#privateKey = privateKey;
    const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    const material = Buffer.concat([Buffer.from([type]), spki.subarray(ED25519_SPKI_PREFIX_BYTES)]);
    this.id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), material]), 'buffer').subarray(0, 4);
    this.verifierKey = `${name}+${this.id.toString('hex')}+${material.toString('base64')}`;
  }

  sign(message: string): Buffer {
    return sign(null, Buffer.from(message), this.#privateKey);
  }

  /** One signature line, with its newline. */
  line(signature: Buffer): string {
    return `— ${this.name} ${Buffer.concat([this.id, signature]).toString('base64')}\n`;
  }
}

export function isKeyName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: notes forbid control characters
  return name.length > 0 && !/[\s+\u0000-\u001f\u0085]/u.test(name);
}
