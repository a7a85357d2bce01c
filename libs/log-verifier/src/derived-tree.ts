import { WIDTH } from './tree/geometry.js';
import type { HashText } from './tree/hash.js';
import { rootOf, rootOfEdge } from './tree/roots.js';

/** Called for every tile of the tree once its hashes are known; `root` is undefined for one that stays partial. */
export type OnTile = (level: number, index: number, hashes: HashText[], root: HashText | undefined) => Promise<void>;

/** Builds a tree from its leaf hashes, from left to right, and keeps only the right edge. */
export class DerivedTree {
  readonly #levels: { hashes: HashText[]; index: number }[] = [];
  readonly #onTile: OnTile;

  constructor(onTile: OnTile) {
    this.#onTile = onTile;
  }

  /** Adds the hashes of one tile of level 0; all but the last have 256. */
  async add(leafHashes: HashText[]): Promise<void> {
    await this.#addTile(0, leafHashes);
  }

  /** Reports the partial tiles above level 0 and gives the root. */
  async finish(): Promise<HashText> {
    for (const [level, { hashes, index }] of this.#levels.entries()) {
      if (level > 0 && hashes.length > 0) await this.#onTile(level, index, hashes, undefined);
    }
    return rootOfEdge(this.#levels.map(({ hashes }) => hashes));
  }

  async #addTile(level: number, hashes: HashText[]): Promise<void> {
    const place = this.#level(level);
    if (hashes.length < WIDTH) {
      place.hashes = hashes;
      await this.#onTile(level, place.index, hashes, undefined);
      return;
    }
    const root = rootOf([...hashes]);
    await this.#onTile(level, place.index, hashes, root);
    place.index += 1;
    place.hashes = [];
    const above = this.#level(level + 1);
    above.hashes.push(root);
    if (above.hashes.length === WIDTH) await this.#addTile(level + 1, above.hashes);
  }

  #level(level: number): { hashes: HashText[]; index: number } {
    this.#levels[level] ??= { hashes: [], index: 0 };
    return this.#levels[level];
  }
}
