import { MerkleLogError } from '../errors.js';
import { parseBase64 } from './base64.js';
import { isKeyName, type NoteKey } from './note-key.js';

/** A signed note taken apart; nothing in it is verified. */
export interface SignedNote {
  /** The signed text, with its final newline. */
  text: string;
  signatures: { name: string /** 4 bytes */; id: Buffer; signature: Buffer /** with its newline */; line: string }[];
}

/** Signs a text as https://c2sp.org/signed-note says. */
export function signNote(text: string, key: NoteKey): string {
  return `${text}\n${key.line(key.sign(text))}`;
}

/** @throws {MerkleLogError} `note-malformed` */
export function parseNote(note: string): SignedNote {
  const split = note.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: notes forbid control characters
  if (split < 0 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(note)) throw malformed('a signed note');
  const lines = note.slice(split + 2, -1).split('\n');
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/** The signature by this key, if the note has one and it is right; a log's own notes need no more than this. */
export function isSignedBy(note: SignedNote, key: NoteKey): boolean {
  // Ed25519 signatures are deterministic: whoever holds the private key compares instead of verifying.
  const expected = key.line(key.sign(note.text));
  return note.signatures.some(({ line }) => line === expected);
}

function parseSignatureLine(line: string): SignedNote['signatures'][number] {
  const [dash, name, encoded, ...rest] = line.split(' ');
  const bytes = parseBase64(encoded ?? '');
  if (dash !== '—' || !isKeyName(name ?? '') || rest.length > 0 || bytes === undefined || bytes.length < 5) {
    throw malformed('a signature line of a note');
  }
  return { name: name as string, id: bytes.subarray(0, 4), signature: bytes.subarray(4), line: `${line}\n` };
}

function malformed(what: string): MerkleLogError {
  return new MerkleLogError('note-malformed', `the text is not ${what} as c2sp.org/signed-note has it`);
}
