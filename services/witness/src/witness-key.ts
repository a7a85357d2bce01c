import { join } from 'node:path';
import { COSIGNATURE, KeyFileUnusable, type NoteKey, openNoteKey } from '@sluice/merkle-log';
import { ConfigError } from './config.js';

/**
 * The witness's key `witness.ed25519.pem` (PKCS#8, mode 0600), made on the first start.
 * @throws {ConfigError} if others may read it
 */
export async function openWitnessKey(stateDir: string, name: string): Promise<NoteKey> {
  try {
    return await openNoteKey(join(stateDir, 'witness.ed25519.pem'), name, COSIGNATURE);
  } catch (error) {
    if (error instanceof KeyFileUnusable) throw new ConfigError(error.message, { cause: error });
    throw error;
  }
}
