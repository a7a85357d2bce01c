import { hash } from 'node:crypto';
import { BundleBuffer, entriesOf } from '../formats/entry-bundle.js';
import type { StoredObject } from '../storage/tile-storage.js';
import type { TreeHead } from './high-water.js';

/** Where batches lie between being written down and being in the tiles; not public. */
export const JOURNAL_FOLDER = 'pending';

const DIGEST_BYTES = 32;

/** One batch on its way into the log: which tree it starts from, and which it makes. */
export interface JournalName extends TreeHead {
  from: number;
}

/** The leaves of a batch, one after another as in a bundle, behind their SHA-256. */
export function journalOf(name: JournalName, leaves: readonly Uint8Array[]): StoredObject {
  const buffer = new BundleBuffer();
  for (const leaf of leaves) buffer.add(leaf);
  const bytes = buffer.bytes();
  return { path: journalPath(name), bytes: Buffer.concat([hash('sha256', bytes, 'buffer'), bytes]) };
}

export function journalPath({ from, size, root }: JournalName): string {
  return `${JOURNAL_FOLDER}/${from}-${size}-${root.toString('hex')}`;
}

/** Undefined if the file name is not one of a journal. */
export function parseJournalName(fileName: string): JournalName | undefined {
  const match = /^([0-9]+)-([0-9]+)-([0-9a-f]{64})$/.exec(fileName);
  if (!match) return undefined;
  const [, from, size, root] = match as unknown as [string, string, string, string];
  return { from: Number(from), size: Number(size), root: Buffer.from(root, 'hex') };
}

/** The leaves of a batch; undefined if the file is damaged. */
export function leavesOf(journal: Buffer): Buffer[] | undefined {
  const bytes = journal.subarray(DIGEST_BYTES);
  if (!hash('sha256', bytes, 'buffer').equals(journal.subarray(0, DIGEST_BYTES))) return undefined;
  return entriesOf(bytes);
}
