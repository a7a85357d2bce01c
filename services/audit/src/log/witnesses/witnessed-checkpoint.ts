import { CHECKPOINT_PATH, type ObjectReader, parseCheckpoint, parseNote } from '@sluice/merkle-log';
import type { Logger } from '@sluice/platform';
import { cosignersOf } from './cosignatures.js';
import type { WitnessConfig } from './witness-config.js';
import type { StoredWitnessed, WitnessedStore } from './witnessed-store.js';

/** A witnessed checkpoint is served for so long after a newer one was made; then the newer one is, as it is. */
const PATIENCE_MS = 5_000;
/** Anybody may ask for the checkpoint; the database is asked no more often than this. */
const KEPT_MS = 100;

/** A checkpoint to serve or to prove against. */
export interface CheckpointFound {
  checkpoint: string;
  size: number;
  /** How many of the witnesses have signed it. */
  signed: number;
}

/** Which checkpoint the log shows: a witnessed one as long as it is not much older than the newest, which never waits. */
export class WitnessedCheckpoint {
  #kept: { at: number; stored: Promise<StoredWitnessed | undefined> } | undefined;
  /** Whether a note has enough cosignatures: it is asked about one note again and again. */
  #judged: { checkpoint: string; isEnough: boolean } | undefined;

  constructor(
    readonly config: WitnessConfig,
    private readonly storage: ObjectReader,
    private readonly store: WitnessedStore,
    private readonly logger: Logger,
  ) {}

  /** To be served; undefined where the log has none yet. */
  async served(): Promise<string | undefined> {
    const newest = (await this.storage.read(CHECKPOINT_PATH))?.toString();
    if (newest === undefined) return undefined;
    const witnessed = await this.#witnessed();
    if (witnessed === undefined) return newest;
    const isFresh = witnessed.behindMs === undefined || witnessed.behindMs < PATIENCE_MS;
    return isFresh || witnessed.size >= sizeOf(newest) ? witnessed.checkpoint : newest;
  }

  /** The newest witnessed checkpoint of a tree that has this leaf, or else the newest one. */
  async covering(leaf: number): Promise<CheckpointFound | undefined> {
    const witnessed = await this.#witnessed();
    const checkpoint =
      witnessed !== undefined && witnessed.size > leaf
        ? witnessed.checkpoint
        : (await this.storage.read(CHECKPOINT_PATH))?.toString();
    if (checkpoint === undefined) return undefined;
    const signed = cosignersOf(checkpoint, this.config.witnesses).length;
    return { checkpoint, size: sizeOf(checkpoint), signed };
  }

  /** Undefined where there is none, or it has too few signatures of the witnesses of today. */
  async #witnessed(): Promise<StoredWitnessed | undefined> {
    if (this.config.required === 0) return undefined;
    const now = performance.now();
    if (this.#kept === undefined || now - this.#kept.at > KEPT_MS) this.#kept = { at: now, stored: this.#load() };
    const stored = await this.#kept.stored;
    return stored !== undefined && this.#isEnough(stored.checkpoint) ? stored : undefined;
  }

  /** Without the database the newest checkpoint is served, as everybody may see it who has the files. */
  #load(): Promise<StoredWitnessed | undefined> {
    return this.store.load().catch((err) => {
      this.logger.warn({ err }, 'the witnessed checkpoint cannot be read');
      return undefined;
    });
  }

  #isEnough(checkpoint: string): boolean {
    if (this.#judged?.checkpoint !== checkpoint) {
      const isEnough = cosignersOf(checkpoint, this.config.witnesses).length >= this.config.required;
      this.#judged = { checkpoint, isEnough };
    }
    return this.#judged.isEnough;
  }
}

function sizeOf(checkpoint: string): number {
  return parseCheckpoint(parseNote(checkpoint).text).size;
}
