import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiptSigner, verifyReceipt } from './receipts.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-vault-'));
});
afterEach(() => rm(dir, { recursive: true }));

const payload = { kind: 'withdrawal', grant: '018f3c5a-0000-7000-8000-000000000001', lanes: [{ lane: 0, last: '17' }] };

describe('receipts', () => {
  it('verify offline with the public key alone', async () => {
    const signer = await ReceiptSigner.open(dir, 'consent');
    const jws = await signer.sign(payload);
    expect(await verifyReceipt(jws, signer.publicJwk())).toEqual(payload);
    const { kid, alg } = decodeProtectedHeader(jws);
    expect(alg).toBe('EdDSA');
    expect(kid).toBe(await calculateJwkThumbprint(signer.publicJwk()));
    expect(signer.publicJwk()).not.toHaveProperty('d');
  });

  it('keep their key: created once for the owner alone, by whichever process comes first', async () => {
    const signers = await Promise.all(Array.from({ length: 8 }, () => ReceiptSigner.open(dir, 'consent')));
    expect(new Set(signers.map((signer) => signer.publicJwk().kid)).size).toBe(1);
    expect((await stat(join(dir, 'consent.ed25519.pem'))).mode & 0o777).toBe(0o600);
    expect((await ReceiptSigner.open(dir, 'vetting')).publicJwk().kid).not.toBe(signers[0]!.publicJwk().kid);
  });

  it('do not verify once a character of header, payload or signature is changed, nor under another key', async () => {
    const signer = await ReceiptSigner.open(dir, 'consent');
    const jws = await signer.sign(payload);
    for (let i = 0; i < jws.length; i++) {
      // Of the last character four bits are padding that decoders ignore: change one that counts.
      const changed = jws.slice(0, i) + (jws[i] === 'A' ? 'z' : 'A') + jws.slice(i + 1);
      if (i === jws.length - 1) continue;
      await expect(verifyReceipt(changed, signer.publicJwk()), `character ${i}`).rejects.toMatchObject({
        code: 'receipt-invalid',
      });
    }
    const other = await ReceiptSigner.open(dir, 'vetting');
    await expect(verifyReceipt(jws, other.publicJwk())).rejects.toMatchObject({ code: 'receipt-invalid' });
  });

  it('refuse a key file that others may read, or that holds something else', async () => {
    await ReceiptSigner.open(dir, 'consent');
    await chmod(join(dir, 'consent.ed25519.pem'), 0o644);
    await expect(ReceiptSigner.open(dir, 'consent')).rejects.toMatchObject({ code: 'key-file-too-open' });
    await writeFile(join(dir, 'broken.ed25519.pem'), 'nothing', { mode: 0o600 });
    await expect(ReceiptSigner.open(dir, 'broken')).rejects.toMatchObject({ code: 'key-file-malformed' });
  });
});
