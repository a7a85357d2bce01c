/** How far a log has come. */
export interface TreeHead {
  /** Leaves in the tree. */
  size: number;
  /** RFC 6962 root of the tree, 32 bytes. */
  root: Buffer;
}

/**
 * The furthest state a log has committed to, kept apart from the log's storage (in another database, on another disk).
 * It decides: a batch is in the log from the moment its head is recorded here, and of two writers only one gets there.
 * Against it, an old backup put back and a forked storage are found out.
 */
export interface HighWater {
  /**
   * The last recorded head, or undefined if none ever was. MUST see every save that was answered, and MUST wait for one
   * whose answer was lost (in SQL: lock the row).
   */
  load(): Promise<TreeHead | undefined>;

  /**
   * Records `next` if the record still is `previous`, as one atomic step; MUST be durable when it is answered.
   * @returns whether it was
   */
  save(previous: TreeHead | undefined, next: TreeHead): Promise<boolean>;
}

export function sameHead(one: TreeHead, other: TreeHead): boolean {
  return one.size === other.size && one.root.equals(other.root);
}
