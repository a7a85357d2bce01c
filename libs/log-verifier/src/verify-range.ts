import { ahead } from './ahead.js';
import { checkCheckpoint, unknownSigners } from './check-checkpoint.js';
import { CommittedTiles } from './committed-tiles.js';
import { Findings } from './finding.js';
import { readBundle } from './source/log-files.js';
import { pathOf, WIDTH, widthOf } from './tree/geometry.js';
import { hashLeaf } from './tree/hash.js';
import type { LogReport, LogToVerify } from './verify-log.js';

const READ_AHEAD = 8;

export interface RangeToVerify extends Pick<LogToVerify, 'source' | 'log' | 'onEntry'> {
  /** First leaf. */
  from: number;
  /** Leaf after the last; a range past the log's end stops there. */
  to: number;
}

/**
 * Verifies some leaves of a log: their hashes against the tiles, and the tiles, level by level, against the signed root.
 * Reads no more than the range's bundles and the tiles above them.
 */
export async function verifyRange({ source, log, onEntry, from, to }: RangeToVerify): Promise<LogReport> {
  const findings = new Findings();
  const report = { size: 0, root: '', cosignatures: [], unknownSigners: [] as string[] };
  try {
    const note = (await source('checkpoint'))?.toString('utf8');
    if (note === undefined) findings.add('checkpoint-missing', 'checkpoint', 'the log has no checkpoint');
    const head = note === undefined ? undefined : checkCheckpoint(note, log, 'checkpoint', findings);
    if (head) {
      report.size = head.size;
      report.root = head.root.toString('base64');
      report.unknownSigners = unknownSigners(head, []);
      const committed = await CommittedTiles.open(source, head);
      if (committed instanceof CommittedTiles) {
        await checkEntries(
          { source, log, from, to: Math.min(to, head.size), ...(onEntry && { onEntry }) },
          head.size,
          committed,
          findings,
        );
      } else {
        for (const { path, code } of committed) {
          findings.add(code, path, 'the tiles at the right edge do not give the signed root; this one is among them');
        }
      }
    }
  } catch (error) {
    findings.add('source-failed', 'source', `the source could not be read: ${(error as Error).message}`);
  }
  return { ...report, findings: findings.list, findingCount: findings.total };
}

async function checkEntries(
  { source, onEntry, from, to }: RangeToVerify,
  size: number,
  committed: CommittedTiles,
  findings: Findings,
): Promise<void> {
  if (from >= to) return;
  const firstBundle = Math.floor(from / WIDTH);
  const bundles = Math.ceil(to / WIDTH) - firstBundle;
  const reads = ahead(bundles, READ_AHEAD, (step) => {
    const index = firstBundle + step;
    return readBundle(source, index, widthOf(0, index, size));
  });
  const reported = new Set<string>();
  let index = firstBundle;
  for await (const bundle of reads) {
    const first = index * WIDTH;
    const tile = await committed.tile(0, index);
    if (bundle.state !== 'read') {
      const code = bundle.state === 'missing' ? 'bundle-missing' : 'bundle-malformed';
      findings.add(code, bundle.path, `the entry bundle is ${bundle.state}`, first);
    }
    if (tile.state === 'broken' && !reported.has(tile.path)) {
      reported.add(tile.path);
      findings.add(tile.code, tile.path, 'the tile that proves these entries is not what was signed', first);
    }
    if (bundle.state === 'read' && tile.state === 'proven') {
      for (let slot = Math.max(0, from - first); slot < Math.min(bundle.value.length, to - first); slot++) {
        const entry = bundle.value[slot] as Buffer;
        onEntry?.(first + slot, entry);
        if (hashLeaf(entry) === tile.hashes[slot]) continue;
        const path = pathOf('entries', index, bundle.value.length);
        findings.add('entry-altered', path, 'the entry is not the one that was signed', first + slot);
      }
    }
    index += 1;
  }
}
