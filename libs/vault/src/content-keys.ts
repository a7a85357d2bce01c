import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, importJWK } from 'jose';
import { VaultError } from './errors.js';
import type { KeyProvider } from './key-provider.js';

const KEY_BYTES = 32;
const WRAPPING = 'ECDH-ES+A256KW';

/** A public P-256 JWK as an agency registers it; members that do not belong to the point are ignored. */
export interface AgencyPublicKey {
  kty?: string | undefined;
  crv?: string | undefined;
  x?: string | undefined;
  y?: string | undefined;
  d?: string | undefined;
}

/** The key of one agency's feed in one epoch, and how the agency gets it. */
export interface ContentKey {
  /** `<agency>.<epoch>`, the block header `sluice_kid`. */
  kid: string;
  key: KeyObject;
  /** The key wrapped to the agency's registered public key, the block header `sluice_key`. */
  wrapped: string;
}

/**
 * Content keys per agency and epoch. They are derived from the provider's `content` secret, so every worker has the
 * same one and none is stored. An agency MUST get a new epoch when it registers another public key.
 */
export class ContentKeys {
  readonly #secret: KeyObject;
  readonly #known = new Map<string, Promise<ContentKey>>();

  private constructor(secret: KeyObject) {
    this.#secret = secret;
  }

  static async create(provider: KeyProvider): Promise<ContentKeys> {
    return new ContentKeys(await provider.secret('content'));
  }

  /**
   * @param publicJwk the key the agency registered for this epoch
   * @throws {VaultError} `agency-key-unusable`
   */
  of(agency: string, epoch: number, publicJwk: AgencyPublicKey): Promise<ContentKey> {
    const kid = `${agency}.${epoch}`;
    const cacheKey = `${kid}|${publicJwk.x}|${publicJwk.y}`;
    let contentKey = this.#known.get(cacheKey);
    if (contentKey === undefined) {
      contentKey = this.#derive(kid, publicJwk);
      this.#known.set(cacheKey, contentKey);
      // A refusal is not remembered, or a repaired registration would need a restart.
      contentKey.catch(() => this.#known.delete(cacheKey));
    }
    return contentKey;
  }

  async #derive(kid: string, publicJwk: AgencyPublicKey): Promise<ContentKey> {
    const bytes = Buffer.from(hkdfSync('sha256', this.#secret, '', `sluice/content:${kid}`, KEY_BYTES));
    return { kid, key: createSecretKey(bytes), wrapped: await wrapForAgency(bytes, publicJwk, kid) };
  }
}

/**
 * Wraps a content key to an agency: compact JWE (RFC 7516), ECDH-ES+A256KW on P-256, A256GCM.
 * @param kid names the content key, not the agency's key
 * @throws {VaultError} `agency-key-unusable`
 */
export async function wrapForAgency(contentKey: Buffer, publicJwk: AgencyPublicKey, kid: string): Promise<string> {
  const { kty, crv, x, y, d } = publicJwk;
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined || d !== undefined) {
    throw new VaultError('agency-key-unusable', `the key registered for ${kid} is not a public P-256 JWK`);
  }
  try {
    return await new CompactEncrypt(contentKey)
      .setProtectedHeader({ alg: WRAPPING, enc: 'A256GCM', kid })
      .encrypt(await importJWK({ kty, crv, x, y }, WRAPPING));
  } catch (cause) {
    throw new VaultError('agency-key-unusable', `the key registered for ${kid} cannot be used to wrap`, { cause });
  }
}
