/**
 * Everything the log refuses, as a closed list.
 *
 * | code | cause | try again |
 * | --- | --- | --- |
 * | `leaf-too-large` | a leaf does not fit an entry bundle (65,535 bytes) | no: nothing of the batch was written |
 * | `append-failed` | the storage or the high-water record failed; the batch is in the log wholly or not at all | yes: open the log again, its size tells which |
 * | `writer-stopped` | an earlier append of this writer failed | yes: open the log again |
 * | `log-moved` | another writer has extended the log | yes: open the log again, if this process should still write |
 * | `log-older-than-known` | the storage holds an earlier state than the one on record | no: an operator must bring the newer state back |
 * | `log-forked` | the storage holds another history than the one on record | no: an operator must find out which is true |
 * | `log-damaged` | a file that the checkpoint needs is missing or altered | no: an operator must restore it |
 * | `checkpoint-untrusted` | the checkpoint is malformed, of another log, or not signed by this log's key | no |
 * | `note-malformed` | a text is not a signed note or not a checkpoint | no |
 * | `key-malformed` | a key or its name cannot be used for notes | no |
 * | `proof-out-of-range` | an index or a size lies outside the tree | no |
 * | `proof-malformed` | a text is not a tlog-proof | no |
 * | `witness-unreachable` | a witness gave no answer, or is busy | yes: with the next checkpoint |
 * | `witness-refused` | a witness does not watch the log, does not know its key, or does not speak the protocol | no: an operator must find out why |
 * | `witness-conflict` | a witness signed another history, or a larger tree of this one | no: the log forked, or was rolled back |
 */
export type MerkleLogErrorCode =
  | 'leaf-too-large'
  | 'append-failed'
  | 'writer-stopped'
  | 'log-moved'
  | 'log-older-than-known'
  | 'log-forked'
  | 'log-damaged'
  | 'checkpoint-untrusted'
  | 'note-malformed'
  | 'key-malformed'
  | 'proof-out-of-range'
  | 'proof-malformed'
  | 'witness-unreachable'
  | 'witness-refused'
  | 'witness-conflict';

const RETRYABLE: ReadonlySet<MerkleLogErrorCode> = new Set([
  'append-failed',
  'writer-stopped',
  'log-moved',
  'witness-unreachable',
]);

/** Carries paths, sizes and hashes, never the bytes of a leaf: its message may be logged. */
export class MerkleLogError extends Error {
  override readonly name = 'MerkleLogError';

  constructor(
    readonly code: MerkleLogErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether opening the log, or asking the witness, again can succeed without a person's help. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
