import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { VaultError } from './errors.js';
import { createKeyFile, readKeyFile } from './key-file.js';
import type { KeyProvider, SecretName } from './key-provider.js';
import { open, seal } from './seal.js';

const ROOT_KEY_FILE = 'kek.key';
const ROOT_KEY_HEX = /^[0-9a-f]{64}$/i;
const KEY_BYTES = 32;

/** Keeps the root key in `<dir>/kek.key` (64 hex digits, mode 0600). For development and single machines. */
export class FileKeyProvider implements KeyProvider {
  readonly #root: KeyObject;
  readonly #wrapping: KeyObject;

  private constructor(root: KeyObject) {
    this.#root = root;
    this.#wrapping = derive(root, 'wrap');
  }

  /** @throws {VaultError} `key-file-missing`, `key-file-too-open`, `key-file-malformed` */
  static async open(dir: string): Promise<FileKeyProvider> {
    const text = (await readKeyFile(join(dir, ROOT_KEY_FILE))).trim();
    if (!ROOT_KEY_HEX.test(text)) {
      throw new VaultError('key-file-malformed', `${join(dir, ROOT_KEY_FILE)} is not 64 hex digits`);
    }
    return new FileKeyProvider(createSecretKey(text, 'hex'));
  }

  /** Creates a random root key unless `dir` has one. Services never call it: a lost root key must not pass unseen. */
  static async createRootKey(dir: string): Promise<void> {
    await createKeyFile(join(dir, ROOT_KEY_FILE), `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  }

  async wrap(dataKey: Buffer, aad: string): Promise<Buffer> {
    return seal(this.#wrapping, aad, dataKey);
  }

  async unwrap(wrapped: Buffer, aad: string): Promise<Buffer> {
    return open(this.#wrapping, aad, wrapped);
  }

  async secret(name: SecretName): Promise<KeyObject> {
    return derive(this.#root, `secret:${name}`);
  }
}

/** RFC 5869; the root is uniformly random, so an empty salt is fine (3.1). */
function derive(root: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', root, '', `sluice/${purpose}`, KEY_BYTES)));
}
