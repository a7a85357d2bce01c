import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  COSIGNATURE,
  cosign,
  encodeTlogProof,
  FileHighWater,
  FileTileStorage,
  LogReader,
  LogWriter,
  NoteKey,
} from '../index.js';

/** The checked-in log that the Go tools accepted; `npm run interop -- --write` makes it anew. */
export const GOLDEN_FOLDER = new URL('../../golden/', import.meta.url);

const SIZES = [1, 200, 256, 300, 600];
const OLDER_SIZE = 300;
const RECEIPT_INDEX = 399;
const COSIGNED_AT = 1_780_000_000;

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same key each time, known to everybody: for tests only. */
export function testKey(byte: number): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([ED25519_PKCS8, Buffer.alloc(32, byte)]),
    format: 'der',
    type: 'pkcs8',
  });
}

/**
 * Writes into a folder: `log/`, and beside it the keys, an older checkpoint with the consistency proof from it, and a
 * receipt with its leaf. Always the same bytes.
 * @param scratch a folder on the same disk, for what does not belong to the result
 */
export async function writeGoldenLog(folder: string, scratch: string): Promise<void> {
  const key = new NoteKey('log.example/golden', testKey(1));
  const witness = new NoteKey('witness.example/golden', testKey(2), COSIGNATURE);
  await mkdir(folder, { recursive: true });
  const storage = new FileTileStorage(join(folder, 'log'));
  const writer = await LogWriter.open({ storage, highWater: new FileHighWater(join(scratch, 'high-water')), key });
  let older = '';
  for (const size of SIZES) {
    await writer.append(Array.from({ length: size - writer.head.size }, (_, at) => goldenLeaf(writer.head.size + at)));
    if (size === OLDER_SIZE) older = writer.checkpoint;
  }
  const [text] = writer.checkpoint.split('\n\n');
  await writer.addCosignatures(writer.checkpoint, cosign(`${text}\n`, witness, COSIGNED_AT));

  const reader = new LogReader(storage);
  const { size } = writer.head;
  const path = await reader.inclusionProof(RECEIPT_INDEX, size);
  const proof = await reader.consistencyProof(OLDER_SIZE, size);
  const receipt = { extra: Buffer.from('for golden'), index: RECEIPT_INDEX, path, checkpoint: writer.checkpoint };
  const texts = {
    'log-key': `${key.verifierKey}\n`,
    'witness-key': `${witness.verifierKey}\n`,
    'older-checkpoint': older,
    'consistency-proof': proof.map((hash) => `${hash.toString('base64')}\n`).join(''),
    'receipt.tlog-proof': encodeTlogProof(receipt),
    leaf: await reader.leaf(RECEIPT_INDEX, size),
  };
  for (const [name, content] of Object.entries(texts)) await writeFile(join(folder, name), content);
}

/** Of every length from none to 40 bytes. */
function goldenLeaf(index: number): Buffer {
  return Buffer.from(`golden leaf ${index} of a log for tests, padded`.repeat(2).slice(0, index % 41));
}
