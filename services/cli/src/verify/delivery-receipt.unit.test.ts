import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVerifierKey } from '@sluice/log-verifier';
import {
  BlockTree,
  CHECKPOINT_PATH,
  commit,
  encodeTlogProof,
  FileHighWater,
  FileTileStorage,
  LogReader,
  LogWriter,
  NoteKey,
} from '@sluice/merkle-log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DeliveryReceipt, parseDeliveryReceipt, verifyDeliveryReceipt } from './delivery-receipt.js';

const GRANT = '0190a000-0000-7000-8000-0000000000a1';
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-receipt-'));
const key = new NoteKey('log.example/test', generateKeyPairSync('ed25519').privateKey);
const log = parseVerifierKey(key.verifierKey);
let receipt: DeliveryReceipt;

/** The receipt of the second of three deliveries, harbour-bank's fifth in lane 2. */
beforeAll(async () => {
  const texts = [4, 5, 6].map(
    (sequence) => `delivery harbour-bank/2#${sequence} changed ${GRANT}.2 kyc-refresh consent mobilePhone 1 2`,
  );
  const salts = texts.map((_, at) => Buffer.alloc(32, at));
  const tree = new BlockTree(texts.map((text, at) => commit(salts[at]!, Buffer.from(text))));
  const leaf = `block harbour-bank/2#4+3 ${tree.root().toString('base64')} 2.7 ${Buffer.alloc(32).toString('base64')}`;
  const storage = new FileTileStorage(join(folder, 'log'));
  const writer = await LogWriter.open({ storage, highWater: new FileHighWater(join(folder, 'known')), key });
  await writer.append(['record one', leaf, 'record two'].map((text) => Buffer.from(text)));
  const proof = encodeTlogProof({
    index: 1,
    path: await new LogReader(storage).inclusionProof(1, 3),
    checkpoint: (await storage.read(CHECKPOINT_PATH))!.toString(),
  });
  const { index, count, path } = tree.proof(1);
  const block = { index, count, path: path.map((hash) => hash.toString('base64')) };
  receipt = { delivery: texts[1]!, salt: salts[1]!.toString('base64'), block, leaf, proof };
});
afterAll(() => rmSync(folder, { recursive: true }));

const codes = (changed: Partial<DeliveryReceipt> = {}) =>
  verifyDeliveryReceipt({ ...receipt, ...changed }, log).findings.map(({ code }) => code);

test('a receipt leads from the delivery to the signed root', () => {
  expect(verifyDeliveryReceipt(receipt, log)).toMatchObject({ index: 1, size: 3, findings: [] });
  expect(parseDeliveryReceipt(JSON.stringify(receipt))).toEqual(receipt);
});

test('no part of it can be exchanged', () => {
  expect(codes({ delivery: receipt.delivery.replace('mobilePhone', 'employer') })).toEqual(['inclusion-wrong']);
  expect(codes({ delivery: receipt.delivery.replace('#5', '#6') })).toEqual(['inclusion-wrong']);
  expect(codes({ salt: Buffer.alloc(32, 9).toString('base64') })).toEqual(['inclusion-wrong']);
  expect(codes({ block: { ...receipt.block, index: 2 } })).toEqual(['inclusion-wrong']);
  expect(codes({ block: { ...receipt.block, count: 2 } })).toEqual(['inclusion-wrong']);
  expect(codes({ block: { ...receipt.block, path: [] } })).toEqual(['inclusion-wrong']);
  expect(codes({ leaf: receipt.leaf.replace('2.7', '2.8') })).toEqual(['inclusion-wrong']);
  expect(codes({ leaf: receipt.leaf.replace('#4+3', '#3+3') })).toEqual(['inclusion-wrong', 'inclusion-wrong']);
  expect(codes({ proof: receipt.proof.replace('index 1', 'index 2') })).toEqual(['inclusion-wrong']);
});

test('what is not of a delivery is malformed', () => {
  expect(codes({ delivery: 'hello' })).toEqual(['proof-malformed']);
  expect(codes({ leaf: 'record two' })).toContain('proof-malformed');
  expect(parseDeliveryReceipt('c2sp.org/tlog-proof@v1\n')).toBeUndefined();
  expect(parseDeliveryReceipt('{"delivery":"x"}')).toBeUndefined();
});
