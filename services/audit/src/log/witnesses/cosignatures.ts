import { type Note, parseNote, signedBy } from '@sluice/log-verifier';
import type { WitnessPlace } from './witness-config.js';

/** The names of the witnesses that have signed a note; lines of others, and forged ones, do not count. */
export function cosignersOf(checkpoint: string, witnesses: readonly WitnessPlace[]): string[] {
  const note = parseNote(checkpoint);
  if (note === undefined) return [];
  return witnesses.filter(({ key }) => signedBy(note, key).by === 'key').map(({ key }) => key.name);
}

/**
 * The witness's own line out of what it answered, for the text that it was asked about; undefined if there is none, or
 * it is wrong: what nobody could verify is not served.
 */
export function ownLine(text: string, answer: string, { key }: WitnessPlace): string | undefined {
  const note = parseNote(`${text}\n${answer}`);
  if (note === undefined || signedBy(note, key).by !== 'key') return undefined;
  return lineOf(note, key.name, key.id);
}

function lineOf({ signatures }: Note, name: string, id: string): string | undefined {
  const own = signatures.find((one) => one.name === name && one.id === id);
  return own && `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), own.signature]).toString('base64')}\n`;
}
