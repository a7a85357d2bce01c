import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type Pool } from 'pg';
import { failureOf } from '../database-failure.js';
import type { SqlEffect } from '../types.js';
import { type ReadModel, SourceUnreadable } from './read-model.js';
import { RebuildRun } from './rebuild-run.js';
import { type Rebuild, RebuildStopped, Rebuilds } from './rebuilds.js';

const LOOK_EVERY_MS = 1_000;
/** One reads while the other writes. */
const CONNECTIONS = 3;
const STATEMENT_TIMEOUT_MS = 60_000;

export interface RebuildHostOptions {
  databaseUrl: string;
  schema: string;
  /** Names this process among those of its service; shown nowhere. */
  instance: string;
  models: readonly ReadModel[];
  failed(error: unknown): void;
  /** Writes `effect`, which ends the rebuild, together with a record of how it ended. */
  finish(rebuild: Rebuild, effect: SqlEffect, how: 'done' | 'failed'): Promise<void>;
}

/** Runs what operators asked for, one rebuild at a time; of several instances one does, and another takes over. */
export class RebuildHost {
  readonly #rebuilds: Rebuilds;
  readonly #pool: Pool;
  readonly #runner: string;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #nudged = Promise.withResolvers<void>();

  constructor(private readonly options: RebuildHostOptions) {
    this.#runner = `${options.instance}/${randomUUID()}`;
    // Nothing waits for the disk: what a crash of the server takes back is read again, with the place it was at.
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      application_name: `sluice-${options.instance}-rebuild`,
      max: CONNECTIONS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      options: '-c synchronous_commit=off',
    });
    this.#pool.on('error', (error) => options.failed(error));
    this.#rebuilds = new Rebuilds(this.#pool, options.schema);
  }

  start(): void {
    this.#running = this.#work();
  }

  /** Something may be to do. */
  nudge(): void {
    this.#nudged.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.nudge();
    await this.#running;
    await this.#pool.end();
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const rebuild = await this.#rebuilds.claim(this.#runner);
        if (rebuild !== undefined) {
          await this.#run(rebuild);
          continue;
        }
      } catch (error) {
        this.options.failed(error);
      }
      this.#nudged = Promise.withResolvers();
      const waiting = new AbortController();
      await Promise.race([
        sleep(LOOK_EVERY_MS, undefined, { signal: waiting.signal }).catch(() => {}),
        this.#nudged.promise,
      ]);
      waiting.abort();
    }
  }

  async #run(rebuild: Rebuild): Promise<void> {
    const model = this.options.models.find(({ name }) => name === rebuild.readModel);
    if (model === undefined) return this.#fail(rebuild, 'unknown-read-model');
    const runner = this.#runner;
    try {
      await new RebuildRun({ rebuilds: this.#rebuilds, model, rebuild, runner, signal: this.#stop.signal }).run();
      await this.options.finish(rebuild, this.#rebuilds.finishing(rebuild.id, runner, { state: 'done' }), 'done');
    } catch (error) {
      await this.#ended(rebuild, error);
    }
  }

  async #ended(rebuild: Rebuild, error: unknown): Promise<void> {
    if (error instanceof RebuildStopped) {
      if (this.#stop.signal.aborted) await this.#rebuilds.release(rebuild.id, this.#runner);
      return;
    }
    this.options.failed(error);
    // The database or the broker was away, or writers met: the lease runs out, and somebody goes on from the last place.
    const unreadable = error instanceof SourceUnreadable;
    if (!unreadable && failureOf(error, this.options.schema) !== 'refused') return;
    await this.#fail(rebuild, unreadable ? `source-unreadable: ${error.message}` : 'internal');
  }

  async #fail(rebuild: Rebuild, failure: string): Promise<void> {
    const effect = this.#rebuilds.finishing(rebuild.id, this.#runner, { state: 'failed', failure });
    await this.options.finish(rebuild, effect, 'failed');
  }
}
