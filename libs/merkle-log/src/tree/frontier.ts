import { EMPTY_ROOT, type HashText, nodeHashText } from './hash.js';

/**
 * The roots of the complete subtrees that make up a growing tree, one per set bit of its size: all that is needed to go
 * on and to tell the root. A binary counter: adding a hash carries upward.
 */
export class Frontier {
  /** At tree level k: the root of a complete subtree of 2^k leaves, or undefined. */
  readonly #peaks: (HashText | undefined)[] = [];

  /**
   * Adds the root of the next complete subtree of 2^level leaves; all smaller places must be empty.
   * @param onNode told of every inner node this completes, from below
   */
  add(hash: HashText, level: number, onNode?: (level: number, hash: HashText) => void): void {
    let current = hash;
    let at = level;
    for (let left = this.#peaks[at]; left !== undefined; left = this.#peaks[at]) {
      this.#peaks[at] = undefined;
      current = nodeHashText(left, current);
      at += 1;
      onNode?.(at, current);
    }
    this.#peaks[at] = current;
  }

  root(): HashText {
    let root: HashText | undefined;
    for (const peak of this.#peaks) {
      if (peak !== undefined) root = root === undefined ? peak : nodeHashText(peak, root);
    }
    return root ?? EMPTY_ROOT;
  }
}
