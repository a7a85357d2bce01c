import { verify } from 'node:crypto';
import { base64Of } from './text.js';
import type { VerifierKey } from './verifier-key.js';

/** More signature lines than any honest note has; a longer one is refused before anything is verified. */
const MAX_SIGNATURES = 100;

const ID_BYTES = 4;
const TIME_BYTES = 8;

/** A signed note (https://c2sp.org/signed-note), taken apart and not verified. */
export interface Note {
  /** With its final newline. */
  text: string;
  signatures: { name: string; id: string; signature: Buffer }[];
}

/** Undefined if the text is not a signed note. */
export function parseNote(source: string): Note | undefined {
  const split = source.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has none but newlines
  if (split < 0 || !source.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f\ufffd]/.test(source)) return undefined;
  const lines = source.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures = lines.map((line) => {
    const match = /^— ([^+\s]+) (\S+)$/u.exec(line);
    const bytes = base64Of(match?.[2]);
    if (!match || bytes === undefined || bytes.length <= ID_BYTES) return undefined;
    const id = bytes.subarray(0, ID_BYTES).toString('hex');
    return { name: match[1] as string, id, signature: bytes.subarray(ID_BYTES) };
  });
  if (!signatures.every((signature) => signature !== undefined)) return undefined;
  return { text: source.slice(0, split + 1), signatures };
}

/** What a note says of one key: it signed (a witness also says when, in POSIX seconds), it did not, or somebody forged. */
export type Signed = { by: 'key'; time?: number } | { by: 'nobody' } | { by: 'forger' };

export function signedBy(note: Note, key: VerifierKey): Signed {
  const own = note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  if (own.length === 0) return { by: 'nobody' };
  const results = own.map(({ signature }) => check(note.text, signature, key));
  return results.find(({ by }) => by === 'forger') ?? (results[0] as Signed);
}

function check(text: string, signature: Buffer, key: VerifierKey): Signed {
  if (key.type === 'note') {
    return verify(null, Buffer.from(text), key.publicKey, signature) ? { by: 'key' } : { by: 'forger' };
  }
  if (signature.length <= TIME_BYTES) return { by: 'forger' };
  const time = signature.readBigUInt64BE(0);
  const message = `cosignature/v1\ntime ${time}\n${text}`;
  const right = verify(null, Buffer.from(message), key.publicKey, signature.subarray(TIME_BYTES));
  return right && time <= BigInt(Number.MAX_SAFE_INTEGER) ? { by: 'key', time: Number(time) } : { by: 'forger' };
}
