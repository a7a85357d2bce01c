/**
 * What audit can find wrong: the intake, and of the log its keeper and its witnesses.
 *
 * | kind | meaning |
 * | --- | --- |
 * | `ledger-gap` | a batch is missing in a partition's ledger |
 * | `ledger-late` | a batch that was missing came after its time |
 * | `ledger-fork` | a batch names another one as its predecessor, or two batches have one sequence |
 * | `lane-gap` | deliveries are missing in a lane |
 * | `lane-overlap` | a block begins at or before what its lane has had already |
 * | `lane-fork` | a block names another one as its predecessor |
 * | `lane-count` | a block holds another number of deliveries than the ledger decided |
 * | `unreadable` | a record is not what its contract says; nobody's history shows it |
 * | `records-missing` | Kafka does not hold the offset where the intake, or the log, goes on |
 * | `witness-conflict` | a witness signed another history of the log than this one, or a larger tree of it |
 */
export type AlarmKind =
  | 'ledger-gap'
  | 'ledger-late'
  | 'ledger-fork'
  | 'lane-gap'
  | 'lane-overlap'
  | 'lane-fork'
  | 'lane-count'
  | 'unreadable'
  | 'records-missing'
  | 'witness-conflict';

/** A finding. Its texts hold places, numbers and digests, never a personal value. */
export interface Alarm {
  kind: AlarmKind;
  /** `delivery.ledger/3@17` (topic, partition, offset) `harbour-bank/3` (agency, lane), or a witness's name. */
  place: string;
  expected: string;
  found: string;
}
