import { parseCheckpoint, parseNote, withSignatures } from '@sluice/merkle-log';

/** A checkpoint that witnesses are asked to sign. */
export class Target {
  readonly text: string;
  readonly size: number;
  readonly #signers = new Set<string>();
  #cosigned: string;

  /** @param note as the log signed it */
  constructor(readonly note: string) {
    this.text = parseNote(note).text;
    this.size = parseCheckpoint(this.text).size;
    this.#cosigned = note;
  }

  /** With the lines so far. */
  get cosigned(): string {
    return this.#cosigned;
  }

  get signatures(): number {
    return this.#signers.size;
  }

  add(witness: string, line: string): void {
    this.#signers.add(witness);
    this.#cosigned = withSignatures(this.#cosigned, line);
  }
}
