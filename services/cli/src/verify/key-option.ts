import { readFile } from 'node:fs/promises';
import { parseVerifierKey, type VerifierKey, VerifierKeyMalformed } from '@sluice/log-verifier';
import { Option } from 'commander';
import { usageFailure } from '../failure.js';

export interface KeyOption {
  key?: string;
}

const NO_KEY =
  'which key? give --key or SLUICE_LOG_KEY. The audit service tells its own at /log/key: keep it, and compare it with what others were told';

/** The log's public key: from whoever answers for the log, kept from an earlier day, and not from the log itself. */
export function keyOption(): Option {
  return new Option('--key <vkey>', 'the log’s public key, name+id+base64, or a file that holds it').env(
    'SLUICE_LOG_KEY',
  );
}

/** @throws {Failure} usage */
export async function keyOf({ key }: KeyOption): Promise<VerifierKey> {
  if (key === undefined) throw usageFailure(NO_KEY);
  const read = await readKey(key);
  if (read.type !== 'note') throw usageFailure(`the key of ${read.name} is one of a witness, not of a log`);
  return read;
}

/** @param given the key itself, or a file that holds it. @throws {Failure} usage */
export async function readKey(given: string): Promise<VerifierKey> {
  // No path that exists has the form of a key, unless somebody means to confuse us.
  const text = /^[^+\s]+\+[0-9a-f]{8}\+/.test(given) ? given : await keyFile(given);
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (error instanceof VerifierKeyMalformed) throw usageFailure(error.message);
    throw error;
  }
}

async function keyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw usageFailure(`${file} is neither a key nor a file that can be read`);
  }
}
