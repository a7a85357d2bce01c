import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { base64Of } from './text.js';

/** DER of an Ed25519 SubjectPublicKeyInfo up to the key's 32 bytes (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** How a key signs: a note's text as it is (0x01), or as a witness, with a time (0x04). */
export type SignatureType = 'note' | 'cosignature';

/** A public key as it is given to those who check: `<name>+<hex id>+<base64 of type and key>`. */
export interface VerifierKey {
  name: string;
  /** 4 bytes as 8 hex digits. */
  id: string;
  type: SignatureType;
  publicKey: KeyObject;
}

/** The text is not a verifier key with an Ed25519 key in it; no finding, because nothing was checked. */
export class VerifierKeyMalformed extends Error {
  override readonly name = 'VerifierKeyMalformed';
}

/** @throws {VerifierKeyMalformed} */
export function parseVerifierKey(text: string): VerifierKey {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text.trim());
  if (!match) throw new VerifierKeyMalformed('a verifier key has the form <name>+<8 hex digits>+<base64>');
  const [, name, id, encoded] = match as unknown as [string, string, string, string];
  const material = base64Of(encoded);
  const type = material && typeOf(material[0] as number);
  if (material?.length !== 33 || type === undefined) {
    throw new VerifierKeyMalformed(`the verifier key of ${name} is not an Ed25519 key of a log or a witness`);
  }
  const expected = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), material]), 'hex').slice(0, 8);
  if (expected !== id)
    throw new VerifierKeyMalformed(`the verifier key of ${name} was changed: its id does not fit it`);
  const der = Buffer.concat([ED25519_SPKI, material.subarray(1)]);
  return { name, id, type, publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

function typeOf(byte: number): SignatureType | undefined {
  return byte === 0x01 ? 'note' : byte === 0x04 ? 'cosignature' : undefined;
}
