import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import { VaultError } from './errors.js';
import { createKeyFile, readKeyFile } from './key-file.js';

const ALGORITHM = 'EdDSA';

/** Signs receipts so that whoever keeps one can check it offline, with the public key alone. */
export class ReceiptSigner {
  readonly #privateKey: KeyObject;
  readonly #publicJwk: JWK;

  private constructor(privateKey: KeyObject, publicJwk: JWK) {
    this.#privateKey = privateKey;
    this.#publicJwk = publicJwk;
  }

  /**
   * Opens the Ed25519 key `<dir>/<name>.ed25519.pem`, creating it if absent (PKCS#8, mode 0600).
   * @throws {VaultError} `key-file-too-open`, `key-file-malformed`
   */
  static async open(dir: string, name: string): Promise<ReceiptSigner> {
    const path = join(dir, `${name}.ed25519.pem`);
    const text = await readKeyFile(path).catch(async (error) => {
      if (!(error instanceof VaultError) || error.code !== 'key-file-missing') throw error;
      const { privateKey } = generateKeyPairSync('ed25519');
      await createKeyFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      // Read what is there: another process may have been first.
      return readKeyFile(path);
    });
    const privateKey = parse(path, text);
    const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
    const jwk = { kty, crv, x } as JWK;
    const kid = await calculateJwkThumbprint(jwk, 'sha256');
    return new ReceiptSigner(privateKey, { ...jwk, kid, alg: ALGORITHM, use: 'sig' });
  }

  /** A compact JWS (RFC 7515) over the payload's JSON; its `kid` is the key's RFC 7638 thumbprint. */
  sign(payload: object): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: ALGORITHM, typ: 'sluice-receipt+jws', kid: this.#publicJwk.kid as string })
      .sign(this.#privateKey);
  }

  /** What is published so that others can verify. */
  publicJwk(): JWK {
    return { ...this.#publicJwk };
  }
}

/**
 * The receipt's payload, if this key signed it.
 * @throws {VaultError} `receipt-invalid`
 */
export async function verifyReceipt(jws: string, jwk: JWK): Promise<Record<string, unknown>> {
  try {
    const { payload } = await compactVerify(jws, await importJWK(jwk, ALGORITHM), { algorithms: [ALGORITHM] });
    return JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new VaultError('receipt-invalid', 'the receipt was not signed by this key, or was changed since', { cause });
  }
}

function parse(path: string, text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    throw new VaultError('key-file-malformed', `${path} is not a PKCS#8 key`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new VaultError('key-file-malformed', `${path} is not an Ed25519 key`);
  }
  return key;
}
