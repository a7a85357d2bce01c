/**
 * What a verification can find, as a closed list.
 *
 * | code | what it says |
 * | --- | --- |
 * | `checkpoint-missing` | the source has no checkpoint |
 * | `checkpoint-malformed` | the text is not a checkpoint in a signed note |
 * | `checkpoint-foreign` | the checkpoint is of another log |
 * | `checkpoint-unsigned` | no signature is by the log's key |
 * | `signature-wrong` | a signature in the name of the log's key or a witness's key is not by it |
 * | `cosignatures-too-few` | fewer known witnesses signed than were asked for |
 * | `bundle-missing` | an entry bundle that the checkpoint needs is not there |
 * | `bundle-malformed` | an entry bundle is cut, too long, or has another number of entries |
 * | `entry-altered` | an entry is not the one that the tree holds |
 * | `tile-missing` | a tile that the checkpoint needs is not there |
 * | `tile-malformed` | a tile is cut or too long |
 * | `tile-altered` | a tile holds other hashes than the tree |
 * | `root-wrong` | the entries give another root than the one that was signed |
 * | `proof-malformed` | a receipt is not a tlog-proof |
 * | `inclusion-wrong` | the proof does not lead from this leaf to the signed root |
 * | `consistency-wrong` | the proof does not lead from the older root to the newer one |
 * | `log-forked` | the log signed two histories that cannot both be true: keep both checkpoints, they prove it |
 * | `history-malformed` | the text is not a history with its proof, or its rows are not in order |
 * | `history-incomplete` | the rows are not all those, and only those, that the history's head counts |
 * | `head-wrong` | the map of heads does not have this head for this person |
 * | `history-rewritten` | an earlier proof of the same history is not the beginning of this one: keep both |
 * | `record-altered` | a record is not the one in the log, or the log has none at its place |
 * | `row-missing` | a record names a person and is not in that person's history |
 * | `row-unfounded` | a history has a row that its record does not account for |
 * | `label-changed` | a person's history goes by two labels |
 * | `heads-wrong` | an epoch's map of heads is not what the records make it |
 * | `source-failed` | the source could not be read: nothing is known about the rest |
 */
export type FindingCode =
  | 'checkpoint-missing'
  | 'checkpoint-malformed'
  | 'checkpoint-foreign'
  | 'checkpoint-unsigned'
  | 'signature-wrong'
  | 'cosignatures-too-few'
  | 'bundle-missing'
  | 'bundle-malformed'
  | 'entry-altered'
  | 'tile-missing'
  | 'tile-malformed'
  | 'tile-altered'
  | 'root-wrong'
  | 'proof-malformed'
  | 'inclusion-wrong'
  | 'consistency-wrong'
  | 'log-forked'
  | 'history-malformed'
  | 'history-incomplete'
  | 'head-wrong'
  | 'history-rewritten'
  | 'record-altered'
  | 'row-missing'
  | 'row-unfounded'
  | 'label-changed'
  | 'heads-wrong'
  | 'source-failed';

/** One thing that is wrong, and where. It never holds an entry's bytes. */
export interface Finding {
  code: FindingCode;
  /** The file's path in the log, or `receipt`, `history`, `older checkpoint`, `newer checkpoint`. */
  place: string;
  /** Of the first leaf it concerns, where that is known. */
  index?: number;
  /** A sentence for a person. */
  detail: string;
}

/** A report lists this many findings; of a log that is wrong throughout, more would tell nothing new. */
export const MAX_FINDINGS = 1000;

/** Findings in the order they were made. */
export class Findings {
  readonly list: Finding[] = [];
  #total = 0;

  add(code: FindingCode, place: string, detail: string, index?: number): void {
    this.#total += 1;
    if (this.list.length < MAX_FINDINGS) this.list.push({ code, place, ...(index !== undefined && { index }), detail });
  }

  /** Also those that are not listed. */
  get total(): number {
    return this.#total;
  }
}
