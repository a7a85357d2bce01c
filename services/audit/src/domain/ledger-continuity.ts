import type { Alarm } from './alarm.js';
import type { BlockView, LedgerView } from './ledger-view.js';

/** Where something gap-free stands: its last number and the digest of what bore it. */
export interface Head {
  sequence: number;
  digest: Buffer;
}

/** Before the first batch of a ledger, and before the first block of a lane. */
export const NOTHING_YET: Head = { sequence: 0, digest: Buffer.alloc(32) };

/** What following a batch leads to. */
export interface Followed {
  ledger: Head;
  /** The lanes that went on, by agency. */
  lanes: Map<string, Head>;
  alarms: Alarm[];
}

/**
 * Follows the ledger of a partition by a batch that is new. Its number must be the next one and it must name the digest
 * of the one before; so must each of its blocks in its lane. Whatever is found, the following goes on from this
 * batch: one omission is one alarm, not one for every batch after it.
 *
 * `digest`: SHA-256 of the batch's bytes. `place`: where it was found.
 */
export function followLedger(
  ledger: Head,
  lanes: Pick<ReadonlyMap<string, Head>, 'get'>,
  batch: LedgerView,
  digest: Buffer,
  place: string,
): Followed {
  const alarms: Alarm[] = [];
  if (batch.sequence !== ledger.sequence + 1) {
    const missing = { expected: `batch ${ledger.sequence + 1}`, found: `batch ${batch.sequence}` };
    alarms.push({ kind: 'ledger-gap', place, ...missing });
  } else if (!batch.previous.equals(ledger.digest)) {
    alarms.push({ kind: 'ledger-fork', place, ...digests(ledger.digest, batch.previous) });
  }
  const reached = new Map<string, Head>();
  for (const block of batch.blocks) {
    const agency = batch.strings[block.agency]!.toString();
    const head = reached.get(agency) ?? lanes.get(agency) ?? NOTHING_YET;
    alarms.push(...followLane(head, block, `${agency}/${batch.partition}`));
    reached.set(agency, { sequence: block.first + block.count - 1, digest: Buffer.from(block.digest) });
  }
  return { ledger: { sequence: batch.sequence, digest }, lanes: reached, alarms };
}

function followLane(head: Head, block: BlockView, place: string): Alarm[] {
  const next = head.sequence + 1;
  if (block.first !== next) {
    const kind = block.first > next ? 'lane-gap' : 'lane-overlap';
    return [{ kind, place, expected: `delivery ${next}`, found: `delivery ${block.first}` }];
  }
  if (block.previous.equals(head.digest)) return [];
  return [{ kind: 'lane-fork', place: `${place}@${block.first}`, ...digests(head.digest, block.previous) }];
}

function digests(expected: Buffer, found: Buffer): { expected: string; found: string } {
  return { expected: `after ${expected.toString('hex')}`, found: `after ${found.toString('hex')}` };
}
