import type { Findings } from './finding.js';
import { type Checkpoint, parseCheckpoint } from './formats/checkpoint.js';
import { type Note, parseNote, signedBy } from './formats/note.js';
import type { VerifierKey } from './formats/verifier-key.js';

/** A checkpoint that the log's key signed. */
export interface TrustedCheckpoint extends Checkpoint {
  note: Note;
}

/** The checkpoint in a signed note, if the log's key signed it; otherwise what is wrong goes to the findings. */
export function checkCheckpoint(
  source: string,
  log: VerifierKey,
  place: string,
  findings: Findings,
): TrustedCheckpoint | undefined {
  const note = parseNote(source);
  const checkpoint = note && parseCheckpoint(note.text);
  if (note === undefined || checkpoint === undefined) {
    findings.add('checkpoint-malformed', place, 'the text is not a checkpoint in a signed note');
    return undefined;
  }
  if (checkpoint.origin !== log.name) {
    findings.add('checkpoint-foreign', place, `the checkpoint is not of ${log.name}`);
    return undefined;
  }
  const signed = signedBy(note, log);
  if (signed.by === 'key') return { ...checkpoint, note };
  if (signed.by === 'forger') {
    findings.add('signature-wrong', place, `a signature names the key of ${log.name} and is not by it`);
  } else {
    findings.add('checkpoint-unsigned', place, `no signature is by the key of ${log.name}`);
  }
  return undefined;
}

/** A witness that signed a checkpoint. */
export interface Cosigned {
  name: string;
  /** POSIX seconds, by the witness's clock. */
  time: number;
}

/** Which of the known witnesses signed; a forged line is a finding, a missing one is not. */
export function checkCosignatures(note: Note, witnesses: VerifierKey[], place: string, findings: Findings): Cosigned[] {
  const cosigned: Cosigned[] = [];
  for (const witness of witnesses) {
    const signed = signedBy(note, witness);
    if (signed.by === 'key' && signed.time !== undefined) cosigned.push({ name: witness.name, time: signed.time });
    if (signed.by === 'forger') {
      findings.add('signature-wrong', place, `a cosignature names the witness ${witness.name} and is not by it`);
    }
  }
  return cosigned;
}

/** As above, and too few are a finding. */
export function requireCosignatures(note: Note, policy: WitnessPolicy, place: string, findings: Findings): Cosigned[] {
  const cosigned = checkCosignatures(note, policy.witnesses, place, findings);
  if (cosigned.length < policy.needed) {
    const detail = `unwitnessed: ${cosigned.length} of the known witnesses signed, ${policy.needed} are asked for`;
    findings.add('cosignatures-too-few', place, detail);
  }
  return cosigned;
}

/** Names in other lines than the log's own and those that were found right: they prove nothing until their keys are known. */
export function unknownSigners({ note, origin }: TrustedCheckpoint, cosigned: readonly Cosigned[]): string[] {
  const known = new Set([origin, ...cosigned.map(({ name }) => name)]);
  return [...new Set(note.signatures.map(({ name }) => name))].filter((name) => !known.has(name));
}

/** Whose cosignatures count, and how many are asked for (0: none). */
export interface WitnessPolicy {
  witnesses: VerifierKey[];
  needed: number;
}
