import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import { SourceLost } from './batch-reader.js';

const REREAD_MAX_BYTES = 4 * 1024 * 1024;
const REREAD_WAIT_MS = 1_000;
const REREAD_TRIES = 30;

/**
 * Reads again the records at these offsets of one partition, in order. They were read before, so they are
 * there: not getting them within 30 tries means that the broker is away or has lost them.
 */
export async function reread(
  puller: PartitionPuller,
  topic: string,
  partition: number,
  offsets: readonly bigint[],
): Promise<Map<bigint, PulledRecord>> {
  const wanted = new Set(offsets);
  const found = new Map<bigint, PulledRecord>();
  let next = firstMissing(wanted, found, 0n);
  let tries = 0;
  while (found.size < wanted.size) {
    const want = { topic, partition, offset: next, maxBytes: REREAD_MAX_BYTES };
    const [answer] = await puller.pull([want], { maxWaitMs: REREAD_WAIT_MS });
    if (answer?.error !== undefined && answer.error !== 'retry') {
      throw new SourceLost(`${topic}/${partition} no longer has offset ${next}`);
    }
    for (const record of answer?.records ?? []) {
      if (wanted.has(record.offset)) found.set(record.offset, record);
      next = record.offset + 1n;
    }
    if ((answer?.records.length ?? 0) === 0 && ++tries === REREAD_TRIES) {
      throw new Error(`${topic}/${partition} at ${next} could not be read, will try again`);
    }
    next = firstMissing(wanted, found, next);
  }
  return found;
}

/** Skips what lies between the wanted offsets. */
function firstMissing(wanted: ReadonlySet<bigint>, found: ReadonlyMap<bigint, unknown>, next: bigint): bigint {
  let least: bigint | undefined;
  for (const offset of wanted) {
    if (!found.has(offset) && offset >= next && (least === undefined || offset < least)) least = offset;
  }
  return least ?? next;
}
