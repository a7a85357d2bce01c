import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { COSIGNATURE, NoteKey } from '@sluice/merkle-log';
import { ConfigError } from './config.js';
import { readText, replaceText } from './durable-file.js';

const GROUP_AND_OTHERS = 0o077;

/**
 * The witness's key `witness.ed25519.pem` (PKCS#8, mode 0600), made on the first start.
 * @throws {ConfigError} if others may read it
 */
export async function openWitnessKey(stateDir: string, name: string): Promise<NoteKey> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, 'witness.ed25519.pem');
  const text = (await readText(path)) ?? (await makeKey(path));
  if (((await stat(path)).mode & GROUP_AND_OTHERS) !== 0) {
    throw new ConfigError(`others than its owner may use ${path}: run chmod 600 on it`);
  }
  return new NoteKey(name, createPrivateKey(text), COSIGNATURE);
}

async function makeKey(path: string): Promise<string> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await replaceText(path, pem, 0o600);
  return pem;
}
