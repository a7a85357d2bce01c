import type { Head } from '../tree/proofs.js';
import { base64Of, decimalOf } from './text.js';

/** A log's name, size and root (https://c2sp.org/tlog-checkpoint). */
export interface Checkpoint extends Head {
  origin: string;
}

/** Reads the text of a note; undefined if it is not a checkpoint. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const lines = text.split('\n');
  const [origin, sizeLine, rootLine] = lines;
  const size = decimalOf(sizeLine);
  const root = base64Of(rootLine);
  if (lines.pop() !== '' || lines.includes('') || !origin || size === undefined || root?.length !== 32)
    return undefined;
  return { origin, size, root };
}
