import { checkCheckpoint, type TrustedCheckpoint } from './check-checkpoint.js';
import { CommittedTiles } from './committed-tiles.js';
import { type Finding, Findings } from './finding.js';
import type { VerifierKey } from './formats/verifier-key.js';
import type { LogSource } from './source/log-source.js';
import { textOf } from './tree/hash.js';
import { consistencyHolds } from './tree/proofs.js';

export interface CheckpointsToCompare {
  /** Two signed notes of one log, in any order. */
  checkpoints: readonly [string, string];
  log: VerifierKey;
  /** A proof that was handed over (RFC 6962, 2.1.2), or the log, from which the older root is computed. */
  by: { proof: Buffer[] } | { source: LogSource };
}

/** What the comparison says. One checkpoint continues the other if `findings` is empty. */
export interface ConsistencyReport {
  /** Sizes, the smaller first; absent before both signatures were found right. */
  sizes?: readonly [number, number];
  findings: Finding[];
}

/** Whether two checkpoints tell one history: what two clients of a log compare, and what a later visit compares. */
export async function verifyConsistency({ checkpoints, log, by }: CheckpointsToCompare): Promise<ConsistencyReport> {
  const findings = new Findings();
  const heads = checkpoints.map((note, at) => checkCheckpoint(note, log, `checkpoint ${at + 1}`, findings));
  const [older, newer] = heads.filter((head) => head !== undefined).sort((one, other) => one.size - other.size) as [
    TrustedCheckpoint?,
    TrustedCheckpoint?,
  ];
  if (older === undefined || newer === undefined) return { findings: findings.list };
  if (older.size === newer.size) {
    if (!older.root.equals(newer.root)) fork(findings, older);
  } else if ('proof' in by) {
    if (!consistencyHolds(older, newer, by.proof)) {
      findings.add('consistency-wrong', 'proof', 'the proof does not lead from the older root to the newer one');
    }
  } else {
    await compareWithLog(older, newer, by.source, findings);
  }
  return { sizes: [older.size, newer.size], findings: findings.list };
}

async function compareWithLog(
  older: TrustedCheckpoint,
  newer: TrustedCheckpoint,
  source: LogSource,
  findings: Findings,
): Promise<void> {
  try {
    const committed = await CommittedTiles.open(source, newer);
    const root = committed instanceof CommittedTiles ? await committed.rootAt(older.size) : committed;
    if (typeof root === 'string') {
      if (root !== textOf(older.root)) fork(findings, older);
      return;
    }
    for (const { path, code } of Array.isArray(root) ? root : [root]) {
      findings.add(code, path, 'this tile, or one beside it, is not what the newer checkpoint signed');
    }
  } catch (error) {
    findings.add('source-failed', 'source', `the source could not be read: ${(error as Error).message}`);
  }
}

function fork(findings: Findings, { size }: TrustedCheckpoint): void {
  const detail = `the log signed two histories of its first ${size} leaves: keep both checkpoints, they prove it`;
  findings.add('log-forked', 'checkpoints', detail);
}
