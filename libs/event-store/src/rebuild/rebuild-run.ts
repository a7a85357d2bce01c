import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { withClient } from '../transaction.js';
import { Comparison, type Difference, type KeyRange } from './comparison.js';
import { Pace } from './pace.js';
import type { Filling, Key, Place, ReadModel } from './read-model.js';
import type { Done, FoundDifference, Rebuild, Rebuilds } from './rebuilds.js';
import { RebuildStopped } from './rebuilds.js';

/** Rows compared at once: some ten milliseconds of the database. */
const COMPARED_ROWS = 2_000;
/** Rows that are looked at together while their writers wait. */
const HELD_ROWS = 50;
/** A writer that holds its row for longer than this is not waited for: the rows are tried again. */
const LOCK_TIMEOUT_MS = 2_000;
/** For live tables that follow a topic: how long a row may be behind before it counts as wrong. */
const BEHIND_TRIES = 12;
const BEHIND_WAIT_MS = 250;
const BEAT_MS = 1_000;

export interface RunOptions {
  rebuilds: Rebuilds;
  model: ReadModel;
  rebuild: Rebuild;
  runner: string;
  signal: AbortSignal;
}

/**
 * One rebuild, from where it stands to its end: reads the source into the table beside the live one, compares the rows
 * in order of their keys, and puts right what differs where that was asked for.
 *
 * Rows that differ at first are nothing yet: the live table may be ahead. The rows beside are brought up to now and
 * compared again; what still differs is looked at once more while its live writer waits, so nothing can come in between.
 */
export class RebuildRun {
  readonly #pool: Pool;
  readonly #filling: Filling;
  readonly #pace: Pace;
  #place: Place | null = null;
  #compared: Key | undefined;
  #phase: Rebuild['phase'];

  constructor(private readonly options: RunOptions) {
    const { rebuilds, model, rebuild } = options;
    this.#pool = rebuilds.pool;
    this.#filling = model.fill(rebuilds.pool, rebuilds.schema);
    this.#pace = new Pace(rebuild.rate);
    this.#phase = rebuild.phase;
  }

  /** @throws {RebuildStopped} where it was paused, cancelled, taken over, or the service ends */
  async run(): Promise<void> {
    try {
      await this.#resume();
      await this.#fill();
      this.#phase = 'comparing';
      await this.#compareAll();
    } finally {
      await this.#filling.close();
    }
  }

  async #resume(): Promise<void> {
    const { rebuilds, rebuild } = this.options;
    const progress = await rebuilds.progress(rebuild.id);
    if (progress !== undefined) {
      this.#place = progress.place;
      this.#compared = progress.compared;
      return;
    }
    this.#phase = 'filling';
    await this.#transaction((client) => rebuilds.begin(client, rebuild));
  }

  /** Until the source has no more. The next batch is read and folded while one is written. */
  async #fill(): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    let place = this.#place;
    for (;;) {
      const step = await this.#filling.next(place, this.#pace.batch);
      await writing;
      place = step.place;
      const done = { events: step.events };
      writing = this.#transaction(async (client) => {
        await step.write(client);
        await this.#note(client, { ...done, place: step.place });
      }).then(() => {
        this.#place = step.place;
      });
      // Thrown where it is awaited.
      writing.catch(() => {});
      if (step.caughtUp) break;
      // Whoever waits anyway has nothing to gain from a write under way, and notes the place while waiting.
      if (this.options.rebuild.rate > 0) await writing;
      await this.#wait(step.events);
    }
    await writing;
  }

  async #compareAll(): Promise<void> {
    const { rebuilds, model } = this.options;
    const comparison = await Comparison.of(this.#pool, rebuilds.schema, model.name, model.opaque);
    for (;;) {
      this.#stopIfAsked();
      const above = this.#compared;
      const upTo = await withClient(this.#pool, (client) => comparison.boundary(client, above, COMPARED_ROWS));
      await this.#compareRange(comparison, { above, upTo });
      if (upTo === undefined) return;
      await this.#wait(COMPARED_ROWS);
    }
  }

  async #compareRange(comparison: Comparison, range: KeyRange): Promise<void> {
    let found = await this.#differencesIn(comparison, range);
    const settled: FoundDifference[] = [];
    if (found.length > 0) {
      await this.#fill();
      found = await this.#differencesIn(comparison, range);
    }
    for (let at = 0; at < found.length; at += HELD_ROWS) {
      settled.push(...(await this.#settle(comparison, found.slice(at, at + HELD_ROWS))));
    }
    this.#compared = range.upTo ?? this.#compared;
    await this.#transaction((client) =>
      this.#note(client, { place: this.#place, rows: COMPARED_ROWS, differences: settled }),
    );
  }

  #differencesIn(comparison: Comparison, range: KeyRange): Promise<Difference[]> {
    const within = this.#filling.within?.(this.#place);
    return withClient(this.#pool, (client) => comparison.ofRange(client, range, within));
  }

  /** What really differs of these rows and is not noted yet. */
  async #settle(comparison: Comparison, candidates: readonly Difference[]): Promise<FoundDifference[]> {
    let left = candidates.map(({ key }) => key);
    for (let tries = this.#filling.liveIsBehind ? 1 : BEHIND_TRIES; ; tries++) {
      this.#stopIfAsked();
      const last = tries === BEHIND_TRIES;
      const { differences, noted } = await this.#look(comparison, left, last);
      if (noted) return [];
      if (last || differences.length === 0) return differences.map((one) => ({ ...one, mended: false }));
      left = differences.map(({ key }) => key);
      await sleep(BEHIND_WAIT_MS, undefined, { signal: this.options.signal }).catch(() => {});
    }
  }

  /** With the live writers of these rows waiting: compares, and with a swap puts right and notes what it did. */
  async #look(
    comparison: Comparison,
    asked: readonly Key[],
    mends: boolean,
  ): Promise<{ differences: Difference[]; noted: boolean }> {
    const { rebuilds, rebuild, model } = this.options;
    return await this.#transaction(async (client) => {
      await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query('set local synchronous_commit = on');
      const { rows: expected, unknowable } = await this.#filling.expect(client, asked, this.#place);
      const untold = new Set(unknowable.map((key) => JSON.stringify(key)));
      const keys = asked.filter((key) => !untold.has(JSON.stringify(key)));
      const differences = await comparison.ofKeys(client, keys, expected);
      if (!mends || !rebuild.swap || differences.length === 0) return { differences, noted: false };
      const wrong = new Set(differences.map(({ key }) => JSON.stringify(key)));
      const rows = expected.filter((row) => wrong.has(JSON.stringify(comparison.keyOfRow(row))));
      await client.query('savepoint before_mending');
      try {
        await client.query(`select ${rebuilds.schema}.rebuild_mend_${model.name}($1, $2, $3)`, [
          rebuild.id,
          comparison.keysJson(differences.map(({ key }) => key)),
          JSON.stringify(rows),
        ]);
        await this.#filling.mended?.(
          client,
          differences.map(({ key }) => key),
        );
      } catch (error) {
        if (!isViolation(error)) throw error;
        // Other rows refer to one that should not be there: a person has to look.
        await client.query('rollback to savepoint before_mending');
        return { differences, noted: false };
      }
      const mended = differences.map((one) => ({ ...one, mended: true }));
      await this.#note(client, { place: this.#place, differences: mended });
      return { differences, noted: true };
    });
  }

  /** As the pace asks; a long wait keeps the lease and hears of a pause. */
  async #wait(done: number): Promise<void> {
    for (let left = this.#pace.waitAfter(done); left > 0; left -= BEAT_MS) {
      await sleep(Math.min(left, BEAT_MS), undefined, { signal: this.options.signal }).catch(() => {});
      if (left > BEAT_MS) await this.#transaction((client) => this.#note(client, { place: this.#place }));
    }
  }

  async #note(client: PoolClient, done: Omit<Done, 'phase' | 'compared'>): Promise<void> {
    const { rebuilds, rebuild, runner } = this.options;
    await rebuilds.note(client, rebuild.id, runner, { ...done, phase: this.#phase, compared: this.#compared });
  }

  async #transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.#stopIfAsked();
    return await withClient(this.#pool, async (client) => {
      await client.query('begin');
      try {
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    });
  }

  #stopIfAsked(): void {
    if (this.options.signal.aborted) throw new RebuildStopped('the service stops');
  }
}

/** SQLSTATE class 23: integrity constraint violation. */
function isViolation(error: unknown): boolean {
  return String((error as { code?: unknown }).code ?? '').startsWith('23');
}
