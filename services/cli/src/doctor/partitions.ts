import type { listPartitions, ReplyOf } from '@sluice/contracts';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';

type Partition = ReplyOf<typeof listPartitions>['partitions'][number];

/** About what delivery decides in a second: more than this waits for longer. */
const MOST_LAG = 10_000;

const WHERE = 'delivery';

const HALT_ADVICE: Record<string, string> = {
  LedgerDisagrees:
    'A block made again would not be the recorded one: find which key was destroyed or replaced between commit and dispatch. Do not edit the ledger.',
  SourceLost:
    'Kafka no longer has what the ledger needs next: restore the topic. The offsets are in delivery.partition.',
};

/** The partitions of delivery, seen twice: what did not move in between stands still. */
export function partitionsDiagnosis(before: readonly Partition[], after: readonly Partition[]): Diagnosis[] {
  if (after.length === 0) {
    return [
      trouble(WHERE, 'partitions', 'no partition was ever owned', 'Is Kafka up? Delivery’s log says why it got none.'),
    ];
  }
  return after.map((now) => diagnose(before.find(({ partition }) => partition === now.partition) ?? now, now));
}

function diagnose(before: Partition, now: Partition): Diagnosis {
  const check = `partition ${now.partition}`;
  const waiting = now.lag ?? 0;
  if (now.halted !== undefined) {
    const advice =
      HALT_ADVICE[now.halted.split(':', 1)[0] as string] ?? 'Delivery’s log says why; it goes on when that is mended.';
    return trouble(WHERE, check, `halted: ${now.halted}`, advice);
  }
  if (!now.ownedHere)
    return unseen(
      WHERE,
      check,
      'not owned by the instance that was asked: by another one, or by none, and then its changes wait',
    );
  const moved = now.registryOffset !== before.registryOffset || now.consentOffset !== before.consentOffset;
  if (waiting > 0 && (before.lag ?? 0) > 0 && !moved) {
    const advice = 'Is Kafka up? Are consent’s and vetting’s topics readable? Changes wait for stops to be read first.';
    return trouble(WHERE, check, `${waiting} changes wait and none was decided between two looks`, advice);
  }
  const undispatched = now.ledgerSequence - now.dispatchedSequence;
  if (
    undispatched > 0 &&
    before.ledgerSequence > before.dispatchedSequence &&
    now.dispatchedSequence === before.dispatchedSequence
  ) {
    const advice =
      'Decisions do not leave: is Kafka up, does every agency’s feed topic exist? Delivery’s log names the one.';
    return trouble(
      WHERE,
      check,
      `${undispatched} batches are in the ledger and were not dispatched between two looks`,
      advice,
    );
  }
  if (waiting > MOST_LAG) {
    const advice =
      'It gets on, and is behind. If it stays so, give delivery more instances (at most one per partition helps).';
    return trouble(WHERE, check, `${waiting} changes wait`, advice);
  }
  return well(WHERE, check, waiting === 0 ? 'nothing waits' : `${waiting} changes wait, and it gets on`);
}
