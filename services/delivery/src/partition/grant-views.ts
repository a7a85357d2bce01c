import type { Grant } from '@sluice/decision';
import { LRUCache } from 'lru-cache';

const NONE: readonly Grant[] = [];

/** Reads grants from the partition’s durable view. */
export type GrantLoader = (subjects: string[]) => Promise<Map<string, readonly Grant[]>>;

/**
 * The grants of the persons of one partition: durable in PostgreSQL, with the recently used ones in memory.
 * Only the partition’s worker writes them, so what is in memory is never stale while the epoch holds.
 */
export class GrantViews {
  readonly #cache: LRUCache<string, readonly Grant[]>;

  constructor(
    private readonly load: GrantLoader,
    maxCached: number,
  ) {
    this.#cache = new LRUCache({ max: maxCached });
  }

  /** The grants of all these persons, for one batch: later evictions do not touch what was answered. */
  async of(subjects: Iterable<string>): Promise<BatchGrants> {
    const found = new Map<string, readonly Grant[]>();
    const missing: string[] = [];
    for (const subject of new Set(subjects)) {
      const cached = this.#cache.get(subject);
      if (cached === undefined) missing.push(subject);
      else found.set(subject, cached);
    }
    if (missing.length > 0) {
      const loaded = await this.load(missing);
      for (const subject of missing) {
        const grants = loaded.get(subject) ?? NONE;
        found.set(subject, grants);
        this.#cache.set(subject, grants);
      }
    }
    return new BatchGrants(found);
  }

  /** Takes over what a batch changed, once it is committed. */
  committed(changed: ReadonlyMap<string, readonly Grant[]>): void {
    for (const [subject, grants] of changed) this.#cache.set(subject, grants);
  }
}

/** A batch’s working copy: changes stay here until the batch is committed. */
export class BatchGrants {
  readonly #changed = new Map<string, readonly Grant[]>();

  constructor(private readonly before: ReadonlyMap<string, readonly Grant[]>) {}

  get(subject: string): readonly Grant[] {
    return this.#changed.get(subject) ?? this.before.get(subject) ?? NONE;
  }

  set(subject: string, grants: readonly Grant[]): void {
    this.#changed.set(subject, grants);
  }

  get changed(): ReadonlyMap<string, readonly Grant[]> {
    return this.#changed;
  }
}
