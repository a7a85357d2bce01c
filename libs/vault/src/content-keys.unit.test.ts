import { createSecretKey } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { ContentKeys, wrapForAgency } from './content-keys.js';
import type { KeyProvider } from './key-provider.js';

const provider: KeyProvider = {
  secret: async () => createSecretKey(Buffer.alloc(32, 1)),
  wrap: async (key) => key,
  unwrap: async (key) => key,
};
const agencyKeys = () => generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true });
let keys: ContentKeys;
beforeAll(async () => {
  keys = await ContentKeys.create(provider);
});

describe('content keys', () => {
  it('reach the agency: what it unwraps is the key the blocks are sealed with', async () => {
    const { publicKey, privateKey } = await agencyKeys();
    const contentKey = await keys.of('bank-a', 3, await exportJWK(publicKey));
    const { plaintext, protectedHeader } = await compactDecrypt(contentKey.wrapped, privateKey);
    expect(Buffer.from(plaintext)).toEqual(contentKey.key.export());
    expect(contentKey.kid).toBe('bank-a.3');
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: 'bank-a.3' });
  });

  it('are the same in every process, and differ between agencies and epochs', async () => {
    const jwk = await exportJWK((await agencyKeys()).publicKey);
    const again = await ContentKeys.create(provider);
    const { key } = await keys.of('bank-a', 3, jwk);
    expect((await again.of('bank-a', 3, jwk)).key.equals(key)).toBe(true);
    expect((await keys.of('bank-a', 4, jwk)).key.equals(key)).toBe(false);
    expect((await keys.of('bank-b', 3, jwk)).key.equals(key)).toBe(false);
  });

  it('are wrapped once per registered key', async () => {
    const [one, two] = await Promise.all([agencyKeys(), agencyKeys()]);
    const first = await keys.of('bank-c', 1, await exportJWK(one.publicKey));
    expect(await keys.of('bank-c', 1, await exportJWK(one.publicKey))).toBe(first);
    expect((await keys.of('bank-c', 1, await exportJWK(two.publicKey))).wrapped).not.toBe(first.wrapped);
  });

  it('refuse a private, a foreign-curve and a broken key, and do not remember the refusal', async () => {
    const { publicKey, privateKey } = await agencyKeys();
    const p384 = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-384', extractable: true });
    const jwk = await exportJWK(publicKey);
    const unusable = { code: 'agency-key-unusable', retryable: false };
    await expect(wrapForAgency(Buffer.alloc(32), await exportJWK(privateKey), 'a.1')).rejects.toMatchObject(unusable);
    await expect(wrapForAgency(Buffer.alloc(32), await exportJWK(p384.publicKey), 'a.1')).rejects.toMatchObject(
      unusable,
    );
    await expect(keys.of('bank-d', 1, { ...jwk, y: jwk.x! })).rejects.toMatchObject(unusable);
    await expect(keys.of('bank-d', 1, { ...jwk, y: jwk.x! })).rejects.toMatchObject(unusable);
  });

  it('ignore members of a registered JWK that do not belong to the point', async () => {
    const jwk = { ...(await exportJWK((await agencyKeys()).publicKey)), use: 'sig', key_ops: ['verify'], ext: false };
    expect(decodeProtectedHeader(await wrapForAgency(Buffer.alloc(32), jwk, 'a.1')).kid).toBe('a.1');
  });
});
