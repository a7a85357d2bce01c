import { setTimeout as gather } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { BatchEffects } from './batch-effects.js';
import { COMMIT, commitValues } from './commit-statement.js';
import { PartitionLost } from './partition-lost.js';

/** What one filing wakes comes within a moment: the first partition waits that long for the others. */
const GATHER_MS = 1;

interface Waiting {
  effects: BatchEffects;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Commits what the partitions of this process have decided: those that are ready while a commit is under way go together
 * in the next one. At low load, when one filing wakes all partitions at once, that is one commit instead of six.
 */
export class GroupCommit {
  #waiting: Waiting[] = [];
  #running = false;

  constructor(private readonly pool: Pool) {}

  /** @throws PartitionLost when another worker has taken the partition */
  commit(effects: BatchEffects): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ effects, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await gather(GATHER_MS);
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#running = false;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const { rows } = await this.pool.query<{ partition: number }>({
        name: 'delivery-commit',
        text: COMMIT,
        values: commitValues(group.map(({ effects }) => effects)),
      });
      const owned = new Set(rows.map(({ partition }) => partition));
      for (const { effects, resolve, reject } of group) {
        const { partition } = effects.state;
        if (owned.has(partition)) resolve();
        else reject(new PartitionLost(`partition ${partition} has a newer owner`));
      }
    } catch (error) {
      // One partition's trouble must not become that of all: each is tried by itself.
      if (group.length === 1) group[0]!.reject(error);
      else for (const one of group) await this.#commit([one]);
    }
  }
}
