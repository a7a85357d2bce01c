import { generateKeyPairSync } from 'node:crypto';
import { COSIGNATURE, cosign, encodeTlogProof, NoteKey, withSignatures } from '@sluice/merkle-log';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseVerifierKey, VerifierKeyMalformed } from './formats/verifier-key.js';
import { BuiltLog, defaultLeaf } from './testing/built-log.js';
import { verifyConsistency } from './verify-consistency.js';
import { verifyReceipt } from './verify-receipt.js';

const SIZE = 700;
const TIME = 1_780_000_000;
const witnesses = ['one', 'two', 'three'].map(
  (name) => new NoteKey(`witness.example/${name}`, generateKeyPairSync('ed25519').privateKey, COSIGNATURE),
);
const policy = { witnesses: witnesses.map((key) => parseVerifierKey(key.verifierKey)), needed: 2 };

let log: BuiltLog;
let cosigned: string;
beforeAll(async () => {
  log = await BuiltLog.of([300, SIZE]);
  const text = `${log.checkpoint.split('\n\n')[0]}\n`;
  cosigned = withSignatures(
    log.checkpoint,
    witnesses
      .slice(0, 2)
      .map((key) => cosign(text, key, TIME))
      .join(''),
  );
});

async function receiptOf(index: number): Promise<string> {
  const path = await log.reader.inclusionProof(index, SIZE);
  return encodeTlogProof({ extra: Buffer.from('whatever'), index, path, checkpoint: cosigned });
}

describe('a receipt', () => {
  it('is right for every leaf, with its index, size, extra data and cosignatures', async () => {
    for (let index = 0; index < SIZE; index += 7) {
      const receipt = await receiptOf(index);
      expect(verifyReceipt({ receipt, leaf: defaultLeaf(index), log: log.verifierKey, policy })).toEqual({
        index,
        size: SIZE,
        extra: Buffer.from('whatever'),
        cosignatures: [
          { name: 'witness.example/one', time: TIME },
          { name: 'witness.example/two', time: TIME },
        ],
        unknownSigners: [],
        findings: [],
      });
    }
  });

  it('is wrong for another leaf', async () => {
    const receipt = await receiptOf(5);
    const { findings } = verifyReceipt({ receipt, leaf: defaultLeaf(6), log: log.verifierKey });
    expect(findings.map(({ code }) => code)).toEqual(['inclusion-wrong']);
  });

  it('is wrong once any character of it was altered, but for the opaque data', async () => {
    const receipt = Buffer.from(await receiptOf(399));
    const extra = receipt.indexOf('\n', receipt.indexOf('extra'));
    const position = fc.oneof(
      fc.nat({ max: receipt.indexOf('extra') - 1 }),
      fc.integer({ min: extra, max: receipt.length - 1 }),
    );
    const flip = fc.tuple(position, fc.nat({ max: 7 })).map(([at, bit]) => {
      const bytes = Buffer.from(receipt);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      return bytes;
    });
    const cut = position.map((at) => receipt.subarray(0, at));
    const doubledLine = fc.nat({ max: 12 }).map((line) => {
      const lines = receipt.toString().split('\n');
      return Buffer.from([...lines.slice(0, line), lines[line], ...lines.slice(line)].join('\n'));
    });
    const swappedLines = fc
      .tuple(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 }))
      .map(([one, other]) => {
        const lines = receipt.toString().split('\n');
        [lines[one], lines[other]] = [lines[other] as string, lines[one] as string];
        return Buffer.from(lines.join('\n'));
      });
    fc.assert(
      fc.property(fc.oneof(flip, cut, doubledLine, swappedLines), (bytes) => {
        fc.pre(!bytes.equals(receipt));
        const report = verifyReceipt({
          receipt: bytes.toString(),
          leaf: defaultLeaf(399),
          log: log.verifierKey,
          policy,
        });
        expect(report.findings).not.toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it('has too few cosignatures when more are asked for, and a line of an unknown witness does not count', async () => {
    const stranger = new NoteKey('witness.example/three', generateKeyPairSync('ed25519').privateKey, COSIGNATURE);
    const text = `${log.checkpoint.split('\n\n')[0]}\n`;
    const checkpoint = withSignatures(cosigned, cosign(text, stranger, TIME));
    const path = await log.reader.inclusionProof(0, SIZE);
    const receipt = encodeTlogProof({ index: 0, path, checkpoint });
    const { findings } = verifyReceipt({
      receipt,
      leaf: defaultLeaf(0),
      log: log.verifierKey,
      policy: { ...policy, needed: 3 },
    });
    expect(findings.map(({ code }) => code)).toEqual(['cosignatures-too-few']);
  });
});

describe('a consistency proof', () => {
  it('is right between any two sizes, and wrong once altered', async () => {
    const small = await BuiltLog.of(Array.from({ length: 40 }, (_, at) => at + 1));
    // Checkpoints of all sizes, since the same key signs the same text the same way.
    const sizes = fc
      .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 40 }))
      .map((pair) => pair.sort((a, b) => a - b));
    const checkpoints = await Promise.all(
      Array.from(
        { length: 41 },
        async (_, size) => (await BuiltLog.of(size === 0 ? [] : [size], defaultLeaf, small.key)).checkpoint,
      ),
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat({ max: 255 }), async ([from, to], place, bit) => {
        const pair = [checkpoints[from as number] as string, checkpoints[to as number] as string] as const;
        const proof = await small.reader.consistencyProof(from as number, to as number);
        const compare = async (by: { proof: Buffer[] } | { source: BuiltLog['source'] }) =>
          (await verifyConsistency({ checkpoints: pair, log: small.verifierKey, by })).findings.map(({ code }) => code);
        expect(await compare({ proof })).toEqual([]);
        fc.pre(proof.length > 0);
        const altered = proof.map((hash) => Buffer.from(hash));
        const hash = altered[place % altered.length] as Buffer;
        hash[bit >> 3] = (hash[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(await compare({ proof: altered })).toEqual(['consistency-wrong']);
        expect(await compare({ proof: proof.slice(1) })).toEqual(['consistency-wrong']);
        expect(await compare({ proof: [...proof, hash] })).toEqual(['consistency-wrong']);
      }),
      { numRuns: 300 },
    );
  });

  it('is not needed where the log itself is at hand', async () => {
    const earlier = await BuiltLog.of([300], defaultLeaf, log.key);
    const other = await log.forkedAt(10, 300);
    const compare = async (checkpoint: string) =>
      (
        await verifyConsistency({
          checkpoints: [log.checkpoint, checkpoint],
          log: log.verifierKey,
          by: { source: log.source },
        })
      ).findings;
    expect(await compare(earlier.checkpoint)).toEqual([]);
    expect((await compare(other.checkpoint)).map(({ code }) => code)).toEqual(['log-forked']);
  });
});

describe('a verifier key', () => {
  it('is refused once any character of it was altered', () => {
    const text = log.key.verifierKey;
    const altered = fc
      .tuple(fc.nat({ max: text.length - 1 }), fc.constantFrom(...'abz019AZ+/=. '))
      .map(([at, character]) => {
        return text.slice(0, at) + character + text.slice(at + 1);
      });
    fc.assert(
      fc.property(altered, (changed) => {
        fc.pre(changed !== text && changed.trim() !== text.trim());
        expect(() => parseVerifierKey(changed)).toThrow(VerifierKeyMalformed);
      }),
    );
  });
});
