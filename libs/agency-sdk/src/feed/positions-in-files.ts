import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { LanePosition, PositionStore } from './position.js';

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Positions in `<dir>/lane-<n>.json`, one small file each, replaced atomically. For one process on one machine: after a
 * crash in the middle of a block, the deliveries of that block which were already handled are handled again.
 */
export class FilePositions implements PositionStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws {Error} when the file is there but is not a position: starting from scratch instead would repeat it all */
  async load(lane: number): Promise<LanePosition | undefined> {
    const path = this.#path(lane);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const position: unknown = JSON.parse(text);
    if (!isPosition(position) || position.lane !== lane) throw new Error(`${path} does not hold a position`);
    return position;
  }

  async save({ lane, sequence, digest, offset }: LanePosition): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const path = this.#path(lane);
    const draft = await open(`${path}.draft`, 'w', 0o600);
    try {
      await draft.writeFile(`${JSON.stringify({ lane, sequence, digest, offset })}\n`);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${path}.draft`, path);
  }

  #path(lane: number): string {
    return join(this.#dir, `lane-${lane}.json`);
  }
}

function isPosition(value: unknown): value is LanePosition {
  const { lane, sequence, digest, offset } = (value ?? {}) as Partial<LanePosition>;
  return (
    Number.isSafeInteger(lane) &&
    Number.isSafeInteger(sequence) &&
    typeof digest === 'string' &&
    DIGEST.test(digest) &&
    typeof offset === 'string' &&
    /^\d+$/.test(offset)
  );
}
