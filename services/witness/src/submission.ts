import { type Checkpoint, type Note, parseCheckpoint, parseNote } from '@sluice/log-verifier';

/** The most consistency proof lines a request may have (https://c2sp.org/tlog-witness). */
const MAX_PROOF_LINES = 63;

/** What a log asks: to sign a checkpoint that continues the tree of `oldSize`. */
export interface Submission {
  oldSize: number;
  /** 32 bytes each. */
  proof: Buffer[];
  note: Note;
  checkpoint: Checkpoint;
}

/** Reads the body of add-checkpoint; undefined if it is not one. */
export function parseSubmission(body: string): Submission | undefined {
  const end = body.indexOf('\n\n');
  const [oldLine, ...proofLines] = body.slice(0, Math.max(end, 0)).split('\n');
  const oldSize = /^old (0|[1-9][0-9]{0,15})$/.exec(oldLine ?? '')?.[1];
  const proof = proofLines.map((line) => Buffer.from(line, 'base64'));
  const proofIsRight = proof.every((hash, at) => hash.length === 32 && hash.toString('base64') === proofLines[at]);
  const note = parseNote(body.slice(end + 2));
  const checkpoint = note && parseCheckpoint(note.text);
  if (oldSize === undefined || !proofIsRight || proof.length > MAX_PROOF_LINES) return undefined;
  if (note === undefined || checkpoint === undefined) return undefined;
  return { oldSize: Number(oldSize), proof, note, checkpoint };
}
