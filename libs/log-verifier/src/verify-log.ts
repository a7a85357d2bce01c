import { ahead } from './ahead.js';
import {
  type Cosigned,
  checkCheckpoint,
  requireCosignatures,
  unknownSigners,
  type WitnessPolicy,
} from './check-checkpoint.js';
import { DerivedTree } from './derived-tree.js';
import { type Finding, Findings } from './finding.js';
import type { VerifierKey } from './formats/verifier-key.js';
import { type Disagreement, judge } from './judge.js';
import { type Read, readBundle, readTile } from './source/log-files.js';
import type { LogSource } from './source/log-source.js';
import { WIDTH, widthOf } from './tree/geometry.js';
import { HASH_BYTES, type HashText, hashLeaf, textOf } from './tree/hash.js';

/** Bundles and tiles read ahead: the disk and the processor work at once; about 1 MiB at 100 bytes a leaf. */
const READ_AHEAD = 32;

/** Places of disagreement kept to be judged at the end; more are counted only. */
const MAX_DISAGREEMENTS = 1000;

export interface LogToVerify {
  source: LogSource;
  /** The log's public key. */
  log: VerifierKey;
  policy?: WitnessPolicy;
  /** Sees every entry in order; entries are views that are only good during the call. */
  onEntry?: (index: number, entry: Buffer) => void;
  /** Told after every bundle how many leaves have been read. */
  onProgress?: (leaves: number) => void;
}

/** What a verification says. The log is right if `findings` is empty. */
export interface LogReport {
  /** What the log claims, once its signature was found right. */
  size: number;
  /** base64, as in the checkpoint; empty before the signature was found right. */
  root: string;
  cosignatures: Cosigned[];
  /** Who else has a line under the checkpoint; not verified. */
  unknownSigners: string[];
  /** The first 1,000. */
  findings: Finding[];
  /** Also those not listed. */
  findingCount: number;
}

/**
 * Verifies a whole log against its checkpoint: hashes every entry, builds the whole tree from them, and compares every
 * tile, full and partial, and the root. Memory does not grow with the log.
 */
export async function verifyLog(what: LogToVerify): Promise<LogReport> {
  const findings = new Findings();
  const report = { size: 0, root: '', cosignatures: [] as Cosigned[], unknownSigners: [] as string[] };
  try {
    const note = (await what.source('checkpoint'))?.toString('utf8');
    if (note === undefined) findings.add('checkpoint-missing', 'checkpoint', 'the log has no checkpoint');
    const checkpoint = note === undefined ? undefined : checkCheckpoint(note, what.log, 'checkpoint', findings);
    if (checkpoint) {
      report.size = checkpoint.size;
      report.root = checkpoint.root.toString('base64');
      if (what.policy) {
        report.cosignatures = requireCosignatures(checkpoint.note, what.policy, 'checkpoint', findings);
      }
      report.unknownSigners = unknownSigners(checkpoint, report.cosignatures);
      const disagreements = new Disagreements();
      const root = await derive(what, checkpoint.size, findings, disagreements);
      const rootIsRight = root === textOf(checkpoint.root);
      await judge(what.source, checkpoint, disagreements.list, rootIsRight, findings);
    }
  } catch (error) {
    findings.add('source-failed', 'source', `the source could not be read: ${(error as Error).message}`);
  }
  return { ...report, findings: findings.list, findingCount: findings.total };
}

class Disagreements {
  readonly list: Disagreement[] = [];

  add(disagreement: Disagreement): void {
    if (this.list.length < MAX_DISAGREEMENTS) this.list.push(disagreement);
  }
}

/** Root of the tree that the entries make; where an entry bundle cannot be read, its tile stands in for it. */
async function derive(
  { source, onEntry, onProgress }: LogToVerify,
  size: number,
  findings: Findings,
  disagreements: Disagreements,
): Promise<HashText> {
  let stored: Read<Buffer> | undefined;
  let derivedFromEntries = true;
  const tree = new DerivedTree(async (level, index, hashes, root) => {
    const tile = level === 0 ? (stored as Read<Buffer>) : await readTile(source, level, index, hashes.length);
    if (tile.state !== 'read') {
      const code = tile.state === 'missing' ? 'tile-missing' : 'tile-malformed';
      findings.add(code, tile.path, `the tile is ${tile.state}`, index * WIDTH ** (level + 1));
    }
    const known = level > 0 || derivedFromEntries;
    if (known && tile.state === 'read' && holds(tile.value, hashes)) return;
    disagreements.add({
      level,
      index,
      stored: tile.state === 'read' ? tile.value : undefined,
      derived: known ? { hashes: [...hashes], root } : undefined,
    });
  });
  const bundles = Math.ceil(size / WIDTH);
  const files = ahead(bundles, READ_AHEAD, async (index) => {
    const width = widthOf(0, index, size);
    return Promise.all([readBundle(source, index, width), readTile(source, 0, index, width)]);
  });
  let index = 0;
  for await (const [bundle, tile] of files) {
    stored = tile;
    derivedFromEntries = bundle.state === 'read';
    const first = index * WIDTH;
    if (bundle.state === 'read') {
      const hashes = bundle.value.map(hashLeaf);
      if (onEntry) for (const [slot, entry] of bundle.value.entries()) onEntry(first + slot, entry);
      await tree.add(hashes);
    } else {
      const code = bundle.state === 'missing' ? 'bundle-missing' : 'bundle-malformed';
      findings.add(code, bundle.path, `the entry bundle is ${bundle.state}`, first);
      await tree.add(standIn(tile, widthOf(0, index, size)));
    }
    index += 1;
    onProgress?.(Math.min(size, index * WIDTH));
  }
  return tree.finish();
}

function holds(tile: Buffer, hashes: HashText[]): boolean {
  return tile.toString('latin1') === hashes.join('');
}

function standIn(tile: Read<Buffer>, width: number): HashText[] {
  const text = tile.state === 'read' ? textOf(tile.value) : '\0'.repeat(width * HASH_BYTES);
  return Array.from({ length: width }, (_, slot) => text.slice(slot * HASH_BYTES, (slot + 1) * HASH_BYTES));
}
