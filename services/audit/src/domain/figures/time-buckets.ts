/** Buckets for each doubling: what is read from them is at most 9% above the truth. */
const PER_DOUBLING = 8;

/** The upper end of a bucket, ms. A time of `ms` is in bucket `ceil(8 log2 ms)`. */
export function upperEnd(bucket: number): number {
  return Math.round(2 ** (bucket / PER_DOUBLING));
}

/** The time, ms, within which so large a share of the counted took effect; undefined where nothing was counted. */
export function quantile(counts: readonly { bucket: number; count: number }[], share: number): number | undefined {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  let left = Math.ceil(total * share);
  for (const { bucket, count } of counts.toSorted((a, b) => a.bucket - b.bucket)) {
    left -= count;
    if (left <= 0 && total > 0) return upperEnd(bucket);
  }
  return undefined;
}
