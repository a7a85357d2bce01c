/** The entries of a bundle as views into it; undefined unless it holds exactly `count` and nothing else. */
export function parseBundle(bytes: Buffer, count: number): Buffer[] | undefined {
  const entries: Buffer[] = new Array(count);
  let at = 0;
  for (let slot = 0; slot < count; slot++) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) return undefined;
    entries[slot] = bytes.subarray(at + 2, end);
    at = end;
  }
  return at === bytes.length ? entries : undefined;
}
