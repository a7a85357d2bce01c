import { join } from 'node:path';
import { type NoteKey, openNoteKey } from '@sluice/merkle-log';

/**
 * The key that signs the log's checkpoints: `log.ed25519.pem` of the key folder (PKCS#8, mode 0600), created if absent.
 * A new key cannot take over an old log: its checkpoint would not be trusted, and the log refuses to open.
 * @throws KeyFileUnusable when others than its owner may read it
 */
export function openLogKey(keyFolder: string, origin: string): Promise<NoteKey> {
  return openNoteKey(join(keyFolder, 'log.ed25519.pem'), origin);
}
