import { generateKeyPairSync } from 'node:crypto';
import {
  type HighWater,
  type LogParts,
  NoteKey,
  type StoredObject,
  type TileStorage,
  type TreeHead,
} from '../index.js';
import { sameHead } from '../writer/high-water.js';

/** One step that can be cut off: an object written, a path removed, the record moved. */
export type Step = (name: string, act: () => void) => Promise<void>;

const carryOut: Step = async (_name, act) => act();

/** A log in memory that keeps the promises of TileStorage and HighWater, step by step. */
export class MemoryLog {
  files = new Map<string, Buffer>();
  known: TreeHead | undefined;
  readonly key = new NoteKey('log.example/memory', generateKeyPairSync('ed25519').privateKey);

  /** What a writer gets; `step` sees every change before it is made, and may refuse or delay it. */
  parts(step: Step = carryOut): LogParts {
    return { storage: this.#storage(step), highWater: this.#highWater(step), key: this.key };
  }

  readonly source = async (path: string): Promise<Buffer | undefined> => this.files.get(path);

  #storage(step: Step): TileStorage {
    return {
      read: this.source,
      write: async (objects: readonly StoredObject[]) => {
        for (const { path, bytes } of objects) await step(`write ${path}`, () => this.files.set(path, bytes));
      },
      remove: async (paths) => {
        for (const path of paths) await step(`remove ${path}`, () => this.#remove(path));
      },
      list: async (path) =>
        [...this.files.keys()].filter((file) => file.startsWith(`${path}/`)).map((file) => file.slice(path.length + 1)),
      sweep: async () => {},
    };
  }

  #highWater(step: Step): HighWater {
    return {
      load: async () => this.known,
      save: async (previous, next) => {
        let saved = false;
        await step('save', () => {
          const { known } = this;
          saved = known === undefined || previous === undefined ? known === previous : sameHead(known, previous);
          if (saved) this.known = next;
        });
        return saved;
      },
    };
  }

  #remove(path: string): void {
    for (const file of [...this.files.keys()])
      if (file === path || file.startsWith(`${path}/`)) this.files.delete(file);
  }
}

/** Leaves that name their batch, so that no two batches hold the same. */
export function leavesOf(batch: string, count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`${batch}/${at}`));
}
