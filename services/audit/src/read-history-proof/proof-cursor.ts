/** Where the next page of a proof begins, and the epoch that the first was of: all pages are of one. */
export interface Cursor {
  epoch: number;
  /** Of the last row. */
  ref: bigint;
}

const MAX_REF = 2n ** 63n - 1n;

export function writeCursor({ epoch, ref }: Cursor): string {
  return `${epoch}.${ref}`;
}

/** @param text in the form of the contract */
export function readCursor(text: string): Cursor {
  const [epoch, ref] = text.split('.') as [string, string];
  const read = BigInt(ref);
  return { epoch: Number(epoch), ref: read > MAX_REF ? MAX_REF : read };
}
