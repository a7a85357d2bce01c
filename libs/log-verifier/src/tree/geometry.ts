/** Hashes in a full tile, entries in a full bundle (https://c2sp.org/tlog-tiles). */
export const WIDTH = 256;

/** How many tile levels a tree has: level k exists when it has a hash, which is a complete subtree of 256^k leaves. */
export function levelsOf(size: number): number {
  let levels = 0;
  for (let hashes = size; hashes >= 1; hashes = Math.floor(hashes / WIDTH)) levels += 1;
  return levels;
}

/** How many hashes the tile has in a tree of `size` leaves; 0 or less if there is no such tile. */
export function widthOf(level: number, index: number, size: number): number {
  return Math.min(WIDTH, Math.floor(size / WIDTH ** level) - index * WIDTH);
}

/** The path of a tile, or of a bundle for level `entries`; `.p/<width>` marks one that is not full. */
export function pathOf(level: number | 'entries', index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) as string[];
  const last = groups.pop();
  const folders = groups.map((group) => `x${group}/`).join('');
  return `tile/${level}/${folders}${last}${width === WIDTH ? '' : `.p/${width}`}`;
}
