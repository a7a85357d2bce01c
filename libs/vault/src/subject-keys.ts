import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { VaultError } from './errors.js';
import type { KeyProvider } from './key-provider.js';

const KEY_BYTES = 32;
const CANONICAL_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** About 60 MB of KeyObjects. */
const DEFAULT_MAX_CACHED = 100_000;

const SELECT = 'select subject, wrapped from vault.data_key where subject = any($1::uuid[])';

const INSERT = `insert into vault.data_key (subject, wrapped)
  select * from unnest($1::uuid[], $2::bytea[])
  on conflict (subject) do nothing
  returning subject`;

// The row stays, without its key: a key destroyed must not come back as a new one under the same subject.
const DESTROY = `insert into vault.data_key (subject, wrapped, destroyed_at) values ($1, null, now())
  on conflict (subject) do update set wrapped = null, destroyed_at = coalesce(data_key.destroyed_at, now())`;

/** What stands for a subject that has no key: never created, or destroyed. */
const NO_KEY = Symbol('no key');

export interface SubjectKeysOptions {
  /** Connected with a role that may read `vault.data_key` (and write it, to create or destroy). */
  pool: Pool;
  provider: KeyProvider;
  /** Most keys kept in memory; default 100,000. */
  maxCached?: number;
}

/**
 * The data key of each subject. Erasing a subject is destroying its key: whatever was sealed under it stays where it
 * is, and nobody can open it.
 */
export class SubjectKeys {
  readonly #pool: Pool;
  readonly #provider: KeyProvider;
  readonly #maxCached: number;
  readonly #cache: LRUCache<string, KeyObject | typeof NO_KEY>;
  /** Loads under way, each with the subjects forgotten since it began: their answer may be older than the erasure. */
  readonly #loads = new Set<Set<string>>();

  constructor({ pool, provider, maxCached = DEFAULT_MAX_CACHED }: SubjectKeysOptions) {
    this.#pool = pool;
    this.#provider = provider;
    this.#maxCached = maxCached;
    this.#cache = new LRUCache({ max: maxCached });
  }

  /**
   * Brings the keys of all these subjects into memory, with one query for those not there yet.
   * @param createMissing give a subject that never had a key a new one; a destroyed key is never replaced
   * @throws {VaultError} `too-many-subjects`, `seal-broken` (the key directory does not belong to this database)
   */
  async preload(subjects: string[], createMissing: boolean): Promise<void> {
    const wanted = new Set(subjects);
    if (wanted.size > this.#maxCached) {
      throw new VaultError(
        'too-many-subjects',
        `${wanted.size} subjects at once, but the cache holds ${this.#maxCached}`,
      );
    }
    // `get`, not `has`: it marks the ones present as just used, so that loading the others does not push them out.
    const missing = [...wanted].filter((subject) => {
      const cached = this.#cache.get(subject);
      return cached === undefined || cached === NO_KEY;
    });
    if (missing.length === 0) return;
    // PostgreSQL answers in lower case: another spelling would look like a subject without a key.
    if (!missing.every((subject) => CANONICAL_UUID.test(subject)))
      throw new TypeError('a subject is a lower-case uuid');

    const forgotten = new Set<string>();
    this.#loads.add(forgotten);
    try {
      const found = await this.#select(missing);
      if (createMissing) await this.#create(missing, found);
      for (const subject of missing) {
        this.#cache.set(subject, (!forgotten.has(subject) && found.get(subject)) || NO_KEY);
      }
    } finally {
      this.#loads.delete(forgotten);
    }
  }

  /**
   * The key of a preloaded subject; `undefined` when it has none: never created, or destroyed.
   * @throws {VaultError} `key-not-loaded`, so that an evicted key cannot be taken for an erased subject
   */
  get(subject: string): KeyObject | undefined {
    const cached = this.#cache.get(subject);
    if (cached === undefined) throw new VaultError('key-not-loaded', 'the subject was not preloaded');
    return cached === NO_KEY ? undefined : cached;
  }

  /** Destroys the key, for ever, here and in the database. Backups of the database hold it until they expire. */
  async destroy(subject: string): Promise<void> {
    const { text, values } = SubjectKeys.destruction(subject);
    await this.#pool.query(text, values);
    this.forget(subject);
  }

  /** The statement that destroys a key, to run in the transaction that records the erasure; call `forget` after it. */
  static destruction(subject: string): { name: string; text: string; values: unknown[] } {
    return { name: 'destroy-data-key', text: DESTROY, values: [subject] };
  }

  /** Drops a key from memory. Every process that hears of an erasure MUST call it: only one of them destroys. */
  forget(subject: string): void {
    this.#cache.delete(subject);
    for (const forgotten of this.#loads) forgotten.add(subject);
  }

  /** Rows found, as keys; a destroyed one as `null`. */
  async #select(subjects: string[]): Promise<Map<string, KeyObject | null>> {
    const { rows } = await this.#pool.query<{ subject: string; wrapped: Buffer | null }>({
      name: 'select-data-keys',
      text: SELECT,
      values: [subjects],
    });
    const entries = rows.map(async ({ subject, wrapped }): Promise<[string, KeyObject | null]> => {
      return [subject, wrapped && createSecretKey(await this.#provider.unwrap(wrapped, additionalData(subject)))];
    });
    return new Map(await Promise.all(entries));
  }

  /** Adds a new key to `found` for each subject without a row. */
  async #create(subjects: string[], found: Map<string, KeyObject | null>): Promise<void> {
    const absent = subjects.filter((subject) => !found.has(subject));
    if (absent.length === 0) return;
    const dataKeys = absent.map(() => randomBytes(KEY_BYTES));
    const wrapped = await Promise.all(dataKeys.map((key, i) => this.#provider.wrap(key, additionalData(absent[i]!))));
    const { rows } = await this.#pool.query<{ subject: string }>({
      name: 'insert-data-keys',
      text: INSERT,
      values: [absent, wrapped],
    });
    const inserted = new Set(rows.map(({ subject }) => subject));
    absent.forEach((subject, i) => {
      if (inserted.has(subject)) found.set(subject, createSecretKey(dataKeys[i]!));
    });
    // Another process was first with the rest: theirs is the key.
    const taken = absent.filter((subject) => !inserted.has(subject));
    if (taken.length === 0) return;
    for (const [subject, key] of await this.#select(taken)) found.set(subject, key);
  }
}

function additionalData(subject: string): string {
  return `data-key|${subject}`;
}
