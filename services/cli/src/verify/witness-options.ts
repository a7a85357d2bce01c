import type { WitnessPolicy } from '@sluice/log-verifier';
import type { Command } from 'commander';
import { countArgument, gathering } from '../arguments/parse.js';
import { usageFailure } from '../failure.js';
import { readKey } from './key-option.js';

export interface WitnessOptions {
  witness?: string[];
  quorum?: number;
}

export function addWitnessOptions(command: Command): Command {
  return command
    .option('--witness <vkey>', 'public key of a witness, or its file; once for each', gathering(String))
    .option('--quorum <n>', 'how many of them must have signed (default: all)', countArgument);
}

/** Undefined where no witness is named. @throws {Failure} usage */
export async function witnessPolicy({ witness = [], quorum }: WitnessOptions): Promise<WitnessPolicy | undefined> {
  if (witness.length === 0) {
    if (quorum !== undefined) throw usageFailure('a quorum of whom? give --witness for each');
    return undefined;
  }
  const witnesses = await Promise.all(witness.map(readKey));
  const foreign = witnesses.find(({ type }) => type !== 'cosignature');
  if (foreign) throw usageFailure(`the key of ${foreign.name} is not one of a witness`);
  // One witness named twice would fill a quorum alone.
  const different = new Set(witnesses.map(({ name, id }) => `${name}+${id}`)).size;
  if (different < witnesses.length) throw usageFailure('a witness is named twice');
  const needed = quorum ?? witnesses.length;
  if (needed > witnesses.length) throw usageFailure(`a quorum of ${needed} needs as many witnesses`);
  return { witnesses, needed };
}
