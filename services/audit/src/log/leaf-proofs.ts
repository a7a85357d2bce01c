import { Injectable } from '@nestjs/common';
import {
  CHECKPOINT_PATH,
  encodeTlogProof,
  FileTileStorage,
  LogReader,
  parseCheckpoint,
  parseNote,
} from '@sluice/merkle-log';

/** Proves leaves against the newest checkpoint. */
@Injectable()
export class LeafProofs {
  readonly #reader: LogReader;

  constructor(private readonly storage: FileTileStorage) {
    this.#reader = new LogReader(storage);
  }

  /** From a leaf of the log to a signed checkpoint: https://c2sp.org/tlog-proof. */
  async proofOf(index: number): Promise<string> {
    const checkpoint = (await this.storage.read(CHECKPOINT_PATH))?.toString();
    if (checkpoint === undefined) throw new Error('the log has no checkpoint');
    const { size } = parseCheckpoint(parseNote(checkpoint).text);
    return encodeTlogProof({ index, path: await this.#reader.inclusionProof(index, size), checkpoint });
  }
}
