import { writeFile } from 'node:fs/promises';
import { type HistoryProof, type ProvenRow, readHistoryProof } from '@sluice/contracts';
import type { ServiceClient } from '../access/service-client.js';
import { EXIT } from '../exit-codes.js';
import { Failure, usageFailure } from '../failure.js';

/** A whole history with its proof, page by page. @throws {Failure} */
export async function fetchHistoryProof(services: ServiceClient, subject: string): Promise<HistoryProof> {
  const pageAfter = (after: string | undefined) =>
    services.call(readHistoryProof, 'auditor', { params: { subject }, query: { after } });
  const first = await pageAfter(undefined);
  if (first.head === undefined) throw new Failure(EXIT.error, 'audit gave no proof with the history');
  const rows: ProvenRow[] = [...first.rows];
  for (let { next } = first; next !== undefined; ) {
    const page = await pageAfter(next);
    rows.push(...page.rows);
    next = page.next;
  }
  return { format: 'sluice-history-proof-1', subject, head: first.head, rows };
}

/** For its owner's eyes only, and never over an earlier one: that may be the only copy. @throws {Failure} */
export async function keepHistoryProof(file: string, proof: HistoryProof): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(proof)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw usageFailure(`${file} is there already: an earlier proof is worth keeping, name another file`);
    throw new Failure(EXIT.error, `${file} cannot be written (${code})`, { cause });
  }
}
