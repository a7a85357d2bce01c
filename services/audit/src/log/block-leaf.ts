/** What the log says of a block. */
export interface BlockLeaf {
  agency: string;
  lane: number;
  /** Lane sequence of its first delivery. */
  first: number;
  count: number;
  /** Of the tree over the salted commitments of its deliveries, 32 bytes. */
  root: Buffer;
  /** The ledger's batch; its partition is the lane. */
  ledgerSequence: number;
  /** SHA-256 of the block as sent: whoever received it can look it up. */
  digest: Buffer;
}

const LEAF = /^block ([a-z0-9-]+)\/(\d+)#(\d+)\+(\d+) ([A-Za-z0-9+/]{43}=) (\d+)\.(\d+) ([A-Za-z0-9+/]{43}=)$/;

/** `block <agency>/<lane>#<first>+<count> <base64 root> <ledger partition>.<sequence> <base64 digest of the block as sent>` */
export function blockLeaf({ agency, lane, first, count, root, ledgerSequence, digest }: BlockLeaf): string {
  return `block ${agency}/${lane}#${first}+${count} ${root.toString('base64')} ${lane}.${ledgerSequence} ${digest.toString('base64')}`;
}

/** Undefined where the leaf is of another kind. */
export function readBlockLeaf(leaf: string): BlockLeaf | undefined {
  const match = LEAF.exec(leaf);
  if (match === null) return undefined;
  const [, agency, lane, first, count, root, , sequence, digest] = match as unknown as string[];
  return {
    agency: agency!,
    lane: Number(lane),
    first: Number(first),
    count: Number(count),
    root: Buffer.from(root!, 'base64'),
    ledgerSequence: Number(sequence),
    digest: Buffer.from(digest!, 'base64'),
  };
}
