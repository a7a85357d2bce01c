import { MerkleLogError } from '../errors.js';
import { HASH_BYTES } from '../tree/hash.js';
import { parseBase64 } from './base64.js';
import { parseDecimal } from './decimal.js';

const HEADER = 'c2sp.org/tlog-proof@v1';

/** A proof that can be kept and checked offline (https://c2sp.org/tlog-proof). */
export interface TlogProof {
  /** Opaque data for whoever checks; not authenticated by the proof. */
  extra?: Buffer;
  /** Of the leaf, from 0. */
  index: number;
  /** From the leaf's sibling up, 32 bytes each. */
  path: Buffer[];
  /** The signed note, with cosignatures if it has any. */
  checkpoint: string;
}

export function encodeTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const extraLine = extra === undefined ? '' : `extra ${extra.toString('base64')}\n`;
  const hashes = path.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${HEADER}\n${extraLine}index ${index}\n${hashes}\n${checkpoint}`;
}

/** @throws {MerkleLogError} `proof-malformed` */
export function decodeTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(end, 0)).split('\n');
  if (end < 0 || lines.shift() !== HEADER) throw malformed();
  const extra = lines[0]?.startsWith('extra ') ? parseBase64(lines.shift()!.slice('extra '.length)) : null;
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : undefined;
  const path = lines.map((line) => parseBase64(line));
  if (extra === undefined || index === undefined || !path.every((hash) => hash?.length === HASH_BYTES))
    throw malformed();
  return { ...(extra && { extra }), index, path: path as Buffer[], checkpoint: text.slice(end + 2) };
}

function malformed(): MerkleLogError {
  return new MerkleLogError('proof-malformed', `the text is not a proof as ${HEADER} has it`);
}
