import type { NoteKey } from './note-key.js';
import { parseNote, type SignedNote } from './signed-note.js';

/**
 * A witness's signature line for a checkpoint (https://c2sp.org/tlog-cosignature, Ed25519).
 * @param text the checkpoint's text, with its final newline
 * @param key of type `COSIGNATURE`
 * @param time POSIX seconds
 */
export function cosign(text: string, key: NoteKey, time: number): string {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  return key.line(Buffer.concat([stamp, key.sign(`cosignature/v1\ntime ${time}\n${text}`)]));
}

/**
 * A note with more signature lines; of two lines by the same key the newer one stays.
 * @throws {MerkleLogError} `note-malformed`
 */
export function withSignatures(note: string, lines: string): string {
  const { text, signatures } = parseNote(note);
  const added = parseNote(`${text}\n${lines}`).signatures;
  const kept = signatures.filter((old) => !added.some((line) => sameKey(line, old)));
  return `${text}\n${[...kept, ...added].map(({ line }) => line).join('')}`;
}

type SignatureLine = SignedNote['signatures'][number];

function sameKey(one: SignatureLine, other: SignatureLine): boolean {
  return one.name === other.name && one.id.equals(other.id);
}
