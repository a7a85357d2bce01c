import { folderSource, type LogSource, parseVerifierKey, verifyLog } from '@sluice/log-verifier';
import { expect } from 'vitest';
import type { NoteKey } from '../index.js';

/** The leaves of a log, after the verifier found nothing wrong with it. */
export async function verifiedLeaves(source: LogSource, key: NoteKey): Promise<string[]> {
  const leaves: string[] = [];
  const report = await verifyLog({
    source,
    log: parseVerifierKey(key.verifierKey),
    onEntry: (_index, entry) => leaves.push(entry.toString()),
  });
  expect(report.findings).toEqual([]);
  return leaves;
}

export { folderSource };
