import { createSecretKey, type KeyObject } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { SluiceError } from '../errors.js';

const CONTENT_KEY_BYTES = 32;

/** Unwraps each epoch's content key once; every block carries the wrapped key, so nothing has to be fetched. */
export class ContentKeyCache {
  readonly #privateKeys: readonly KeyObject[];
  readonly #byKeyId = new Map<string, KeyObject>();

  constructor(privateKeys: readonly KeyObject[]) {
    this.#privateKeys = privateKeys;
  }

  /**
   * @param wrapped compact JWE, the header `sluice_key`
   * @throws {SluiceError} `content-key-locked`
   */
  async of(keyId: string, wrapped: string): Promise<KeyObject> {
    const known = this.#byKeyId.get(keyId);
    if (known !== undefined) return known;
    const key = await this.#unwrap(keyId, wrapped);
    this.#byKeyId.set(keyId, key);
    return key;
  }

  async #unwrap(keyId: string, wrapped: string): Promise<KeyObject> {
    const causes: unknown[] = [];
    for (const privateKey of this.#privateKeys) {
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(wrapped, privateKey, {
          keyManagementAlgorithms: ['ECDH-ES+A256KW'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        if (protectedHeader.kid === keyId && plaintext.length === CONTENT_KEY_BYTES) return createSecretKey(plaintext);
        causes.push(new Error('the wrapped key belongs to another key id'));
      } catch (error) {
        causes.push(error);
      }
    }
    throw new SluiceError('content-key-locked', `none of the private keys opens the content key ${keyId}`, {
      cause: new AggregateError(causes),
    });
  }
}
