import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { encodeLedgerBatch } from '@sluice/contracts';
import { isInBlock } from '@sluice/log-verifier';
import type { Pulled, PulledRecord } from '@sluice/messaging';
import { expect, test } from 'vitest';
import { LedgerView } from '../domain/ledger-view.js';
import { RecordDigest } from '../intake/record-digest.js';
import { LedgerAuthor } from '../testing/records.js';
import { BlockCommitments, blocksOf } from './block-commitments.js';
import { BlockScan } from './block-index.js';
import { readBlockLeaf } from './block-leaf.js';
import { LeafBatch, RecordsLost } from './leaf-batch.js';
import { readPositionLeaf } from './positions.js';

const saltSecret = createSecretKey(randomBytes(32));
const tools = { ledgerTopic: 'delivery.ledger', saltSecret, digests: new RecordDigest() };

function record(offset: bigint, value: Buffer): PulledRecord {
  return { offset, key: null, value, headers: [], timestamp: 0n, body: Buffer.concat([Buffer.from([1]), value]) };
}

function pulled(topic: string, records: PulledRecord[], nextOffset: bigint, more = 0n): Pulled {
  return { topic, partition: 2, records, nextOffset, highWatermark: nextOffset + more, logStart: 0n };
}

const start = () =>
  new Map([
    ['delivery.ledger/2', 4n],
    ['access.events/2', 0n],
  ] as const);
const ledger = () => {
  const author = new LedgerAuthor(2);
  const happenings = Array.from({ length: 5 }, () => ({
    subject: randomUUID(),
    outcomes: { 'harbour-bank': 'delivered', 'lake-bureau': 'delivered', 'late-court': 'grant-paused' } as const,
  }));
  return encodeLedgerBatch(author.next(happenings));
};

test('a leaf for each record, one for each block behind its record, and the positions last', () => {
  const batch = new LeafBatch(start(), tools);
  batch.take(pulled('delivery.ledger', [record(4n, ledger())], 5n));
  batch.take(pulled('access.events', [record(0n, Buffer.from('{}')), record(1n, Buffer.from('{}'))], 2n, 7n));
  const leaves = batch.leaves();
  const lines = leaves.map(String);
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'record delivery.ledger/2@4',
    'block harbour-bank/2#1+5',
    'block lake-bureau/2#1+5',
    'record access.events/2@0',
    'record access.events/2@1',
    'position access.events/2@2',
  ]);
  expect(readPositionLeaf(lines.at(-1)!)).toEqual(
    new Map([
      ['access.events/2', 2n],
      ['delivery.ledger/2', 5n],
    ]),
  );
  expect(batch).toMatchObject({ behind: 7, unread: undefined, isEmpty: false });
  expect(new BlockScan().among(leaves, 100).blocks).toEqual([
    { agency: 'harbour-bank', lane: 2, first: 1, count: 5, leaf: 101, ledgerSequence: 1, ledgerOffset: 4n },
    { agency: 'lake-bureau', lane: 2, first: 1, count: 5, leaf: 102, ledgerSequence: 1, ledgerOffset: 4n },
  ]);
});

test('the root of a block leads to each of its deliveries, and no proof shows another one', () => {
  const value = ledger();
  const batch = new LeafBatch(start(), tools);
  batch.take(pulled('delivery.ledger', [record(4n, value)], 5n));
  const leaf = readBlockLeaf(String(batch.leaves()[1]))!;
  const view = new LedgerView(value);
  const block = blocksOf(view)[0]!;
  const commitments = new BlockCommitments(saltSecret, view, block);
  const proofs = Array.from({ length: leaf.count }, (_, index) => ({ index, ...commitments.proof(index) }));
  for (const { index, text, salt, path } of proofs) {
    const delivery = { salt, content: Buffer.from(text), index, count: leaf.count, path };
    expect(isInBlock(delivery, leaf.root)).toBe(true);
    expect(isInBlock({ ...delivery, content: Buffer.from(text.replace('#', '#1')) }, leaf.root)).toBe(false);
    expect(text).toMatch(
      new RegExp(
        `^delivery harbour-bank/2#${index + 1} changed [0-9a-f-]{36}\\.3 kyc-refresh consent mobilePhone \\d+ \\d+$`,
      ),
    );
  }
  expect(new Set(proofs.map(({ salt }) => salt.toString('hex'))).size).toBe(5);
  const others = new BlockCommitments(createSecretKey(randomBytes(32)), view, block);
  expect(others.root()).not.toEqual(leaf.root);
  expect(leaf.digest).toEqual(block.digest);
});

test('a ledger batch that cannot be read is in the log as a record', () => {
  const batch = new LeafBatch(start(), tools);
  const value = Buffer.from('no batch');
  batch.take(pulled('delivery.ledger', [record(4n, value)], 5n));
  const digest = new RecordDigest().textOf(record(4n, value));
  expect(String(batch.leaves()[0])).toBe(`record delivery.ledger/2@4 ${digest}`);
  expect(batch.leaves()).toHaveLength(2);
});

test('records that are gone stop the log, a partition that does not answer keeps it from being whole', () => {
  const batch = new LeafBatch(start(), tools);
  const nothing = { ...pulled('access.events', [], 0n), highWatermark: -1n, logStart: -1n };
  batch.take({ ...nothing, error: 'retry' });
  expect(batch.unread).toBe('access.events/2: retry');
  expect(() => batch.take({ ...nothing, error: 'out-of-range' })).toThrow(RecordsLost);
});

test('heads go in behind the records that they cover, and wait while those are not there', () => {
  const heads = (next: number) =>
    `heads 7 ${Buffer.alloc(32).toString('base64')} 3 1700000000000 delivery.ledger/2@0-${next}`;
  const batch = new LeafBatch(start(), tools);
  batch.addHeads(heads(5));
  expect(batch.isEmpty).toBe(true);
  batch.take(pulled('delivery.ledger', [record(4n, ledger())], 5n));
  batch.addHeads(heads(6));
  batch.addHeads(heads(5));
  const leaves = batch.leaves();
  expect(leaves.map(String).filter((leaf) => leaf.startsWith('heads'))).toEqual([heads(5)]);
  expect(String(leaves.at(-1))).toMatch(/^position /);
  expect(new BlockScan().among(leaves, 100).heads).toEqual([{ epoch: 7, leaf: 103, content: heads(5) }]);
});
