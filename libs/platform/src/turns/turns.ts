interface Waiting {
  share: number;
  begin: () => void;
}

/** Lets only so much be done at a time; the others wait in the order they came. */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** @param share of what may be done at once; MUST NOT be more than all of it */
  async take<T>(work: () => Promise<T>, share = 1): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ share, begin });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#free += share;
      this.#admit();
    }
  }

  /** Nobody who comes later slips in before one who waits for more. */
  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.share <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.share;
      next.begin();
    }
  }
}
