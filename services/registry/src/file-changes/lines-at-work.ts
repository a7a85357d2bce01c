interface Waiting {
  lines: number;
  begin: () => void;
}

/**
 * Bounds how many lines of all filings are read, decided and stored at once; the others wait as bytes, first come first
 * served. What becomes of a line in memory is ten times its size, and what lives for longer than a collection of the
 * young generation costs more CPU to be rid of than it took to make.
 */
export class LinesAtWork {
  private free: number;
  private readonly waiting: Waiting[] = [];

  /** @param most MUST NOT be less than anybody enters with */
  constructor(most: number) {
    this.free = most;
  }

  /** Runs `work` on so many lines when it is their turn. */
  async run<T>(lines: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.waiting.push({ lines, begin });
      this.admit();
    });
    try {
      return await work();
    } finally {
      this.free += lines;
      this.admit();
    }
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined && next.lines <= this.free; next = this.waiting[0]) {
      this.waiting.shift();
      this.free -= next.lines;
      next.begin();
    }
  }
}
