import { CommittedTiles } from './committed-tiles.js';
import type { Findings } from './finding.js';
import type { LogSource } from './source/log-source.js';
import { pathOf, WIDTH, widthOf } from './tree/geometry.js';
import type { HashText } from './tree/hash.js';
import type { Head } from './tree/proofs.js';
import { hashesOf, rootOf } from './tree/roots.js';

/** A tile of which the stored form is not what was derived from below, or of which one of the two is not to be had. */
export interface Disagreement {
  level: number;
  index: number;
  /** Undefined if the tile could not be read. */
  stored: Buffer | undefined;
  /** Undefined if the entry bundle could not be read; `root` is undefined for a tile that is not full. */
  derived: { hashes: HashText[]; root: HashText | undefined } | undefined;
}

/**
 * Says which side of each disagreement is wrong, by what the signed root commits to: one altered entry is one finding,
 * not one on every level above it.
 * @param derivedRootIsRight whether the entries gave the signed root
 */
export async function judge(
  source: LogSource,
  head: Head,
  disagreements: Disagreement[],
  derivedRootIsRight: boolean,
  findings: Findings,
): Promise<void> {
  const committed = derivedRootIsRight ? undefined : await CommittedTiles.open(source, head);
  const judged = new Judge(head.size, disagreements, findings);
  if (committed === undefined) {
    for (const disagreement of disagreements) judged.byEntries(disagreement);
  } else if (committed instanceof CommittedTiles) {
    for (const disagreement of disagreements) await judged.byTilesAbove(disagreement, committed);
  } else {
    // Where a tile of the edge is missing, that is why the root could not be had, and it has been found already.
    if (committed.every(({ code }) => code === 'tile-altered')) {
      findings.add('root-wrong', 'checkpoint', 'neither the entries nor the tiles give the root that was signed');
    }
    for (const disagreement of disagreements) judged.unproven(disagreement);
  }
}

class Judge {
  readonly #size: number;
  readonly #findings: Findings;
  readonly #known: Set<string>;

  constructor(size: number, disagreements: Disagreement[], findings: Findings) {
    this.#size = size;
    this.#findings = findings;
    this.#known = new Set(disagreements.map(({ level, index }) => keyOf(level, index)));
  }

  /** The entries give the signed root: whatever differs from what they give is wrong. */
  byEntries({ level, index, stored, derived }: Disagreement): void {
    if (stored && derived) this.#tileAltered(level, index, 'the tile holds other hashes than its entries give');
  }

  async byTilesAbove(disagreement: Disagreement, committed: CommittedTiles): Promise<void> {
    const { level, index, stored, derived } = disagreement;
    const full = widthOf(level, index, this.#size) === WIDTH;
    const expected = full ? await committed.rootOfTile(level, index) : undefined;
    if (typeof expected === 'object') return this.unproven(disagreement);
    const hashes = stored && hashesOf(stored);
    // The tiles that are not full are proven by having given the signed root together.
    const storedIsRight = hashes !== undefined && (!full || rootOf([...hashes]) === expected);
    if (stored && !storedIsRight) this.#tileAltered(level, index, 'the tile holds other hashes than were signed');
    if (derived === undefined || (full && derived.root === expected)) return;
    const slots = storedIsRight ? slotsThatDiffer(hashes, derived.hashes) : [0];
    if (level === 0) this.#entryAltered(index, slots[0] ?? 0);
    else if (storedIsRight) for (const slot of slots) this.#alteredTogether(level - 1, index * WIDTH + slot);
  }

  /** Neither side is proven, because a tile above is wrong as well. */
  unproven({ level, index, stored, derived }: Disagreement): void {
    if (!stored || !derived) return;
    const slots = slotsThatDiffer(hashesOf(stored), derived.hashes);
    const detail = 'the tile and what lies below it differ, and no tile above tells which of them was signed';
    this.#tileAltered(level, index, detail, slots[0]);
    if (level === 0) this.#entryAltered(index, slots[0] ?? 0);
  }

  /** A tile agrees with what lies below it, and both are not what was signed: they were altered to fit each other. */
  #alteredTogether(level: number, index: number): void {
    if (this.#known.has(keyOf(level, index))) return;
    this.#tileAltered(level, index, 'the tile and what lies below it were altered to fit each other');
    if (level === 0) this.#entryAltered(index, 0);
  }

  #tileAltered(level: number, index: number, detail: string, slot = 0): void {
    const path = pathOf(level, index, widthOf(level, index, this.#size));
    this.#findings.add('tile-altered', path, detail, (index * WIDTH + slot) * WIDTH ** level);
  }

  #entryAltered(index: number, slot: number): void {
    const path = pathOf('entries', index, widthOf(0, index, this.#size));
    const detail = 'from this entry on, the bundle holds others than were signed';
    this.#findings.add('entry-altered', path, detail, index * WIDTH + slot);
  }
}

function slotsThatDiffer(stored: HashText[], derived: HashText[]): number[] {
  return stored.flatMap((hash, slot) => (hash === derived[slot] ? [] : [slot]));
}

function keyOf(level: number, index: number): string {
  return `${level}/${index}`;
}
