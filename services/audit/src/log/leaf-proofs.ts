import { Inject, Injectable } from '@nestjs/common';
import { encodeTlogProof, LogReader, type TileStorage } from '@sluice/merkle-log';
import { TILE_STORAGE } from './log-config.js';
import { WitnessedCheckpoint } from './witnesses/witnessed-checkpoint.js';

/** A leaf with its proof. */
export interface ProvenLeaf {
  /** As text: all leaves are. */
  leaf: string;
  /** From the leaf to a signed checkpoint: https://c2sp.org/tlog-proof. */
  proof: string;
  /** Of that checkpoint: how many of the witnesses have signed it, and how many must. Absent where none is asked. */
  witnesses?: { signed: number; required: number };
}

/** Proves leaves against the newest witnessed checkpoint that has them, or else against the newest one. */
@Injectable()
export class LeafProofs {
  readonly #reader: LogReader;

  constructor(
    @Inject(TILE_STORAGE) storage: TileStorage,
    private readonly checkpoint: WitnessedCheckpoint,
  ) {
    this.#reader = new LogReader(storage);
  }

  async prove(index: number): Promise<ProvenLeaf> {
    const found = await this.checkpoint.covering(index);
    if (found === undefined) throw new Error('the log has no checkpoint');
    const { checkpoint, size, signed } = found;
    const { required } = this.checkpoint.config;
    const [leaf, path] = await Promise.all([this.#reader.leaf(index, size), this.#reader.inclusionProof(index, size)]);
    return {
      leaf: leaf.toString('latin1'),
      proof: encodeTlogProof({ index, path, checkpoint }),
      ...(required > 0 && { witnesses: { signed, required } }),
    };
  }

  /** The proof alone. */
  async proofOf(index: number): Promise<string> {
    return (await this.prove(index)).proof;
  }
}
