import { createPrivateKey, generateKeyPairSync, type JsonWebKey, KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { SluiceError } from '../errors.js';

const CURVE = 'prime256v1';

/** A private key as JWK or as Node's `KeyObject`. */
export type PrivateKey = JWK | KeyObject;

export interface AgencyKeys {
  /** To be registered with the centre: exactly `kty`, `crv`, `x`, `y` and `kid`. */
  publicJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string; kid: string };
  /** Never leaves the agency. */
  privateJwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string; d: string; kid: string };
}

/** A new P-256 pair for ECDH-ES (RFC 7518, 4.6); `kid` is the RFC 7638 thumbprint. */
export async function generateAgencyKeys(): Promise<AgencyKeys> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  const { x, y, d } = privateKey.export({ format: 'jwk' }) as { x: string; y: string; d: string };
  const point = { kty: 'EC', crv: 'P-256', x, y } as const;
  const kid = await calculateJwkThumbprint(point, 'sha256');
  return { publicJwk: { ...point, kid }, privateJwk: { ...point, d, kid } };
}

/** @throws {SluiceError} `private-key-unusable` */
export function importPrivateKey(key: PrivateKey): KeyObject {
  let imported: KeyObject;
  try {
    imported = key instanceof KeyObject ? key : createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
  } catch (cause) {
    throw new SluiceError('private-key-unusable', 'the private key is not a private JWK', { cause });
  }
  if (imported.type !== 'private' || imported.asymmetricKeyDetails?.namedCurve !== CURVE) {
    throw new SluiceError('private-key-unusable', 'the private key is not a P-256 private key');
  }
  return imported;
}
