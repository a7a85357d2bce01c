import { MerkleLogError } from '../errors.js';
import { HASH_BYTES } from '../tree/hash.js';
import type { TreeHead } from '../writer/high-water.js';
import { parseBase64 } from './base64.js';
import { parseDecimal } from './decimal.js';

/** The body of a checkpoint (https://c2sp.org/tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  /** The log's name. */
  origin: string;
}

/** The text that is signed: origin, size and root, a line each. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/**
 * Reads a note's text as a checkpoint; extension lines are allowed and left out.
 * @throws {MerkleLogError} `note-malformed`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, sizeText, rootText, ...rest] = text.split('\n');
  const size = parseDecimal(sizeText ?? '');
  const root = parseBase64(rootText ?? '');
  const ended = rest.pop() === '' && rest.every((line) => line !== '');
  if (!origin || size === undefined || root?.length !== HASH_BYTES || !ended) {
    throw new MerkleLogError('note-malformed', 'the text is not a checkpoint as c2sp.org/tlog-checkpoint has it');
  }
  return { origin, size, root };
}
