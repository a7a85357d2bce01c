import { hash, randomUUID } from 'node:crypto';
import { encodeLedgerBatch, type LedgerBatch } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { LedgerAuthor } from '../testing/records.js';
import type { Alarm } from './alarm.js';
import { followLedger, type Head, NOTHING_YET } from './ledger-continuity.js';
import { LedgerView } from './ledger-view.js';

const delivered = () => [{ subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered' as const } }];

function threeBatches(): [LedgerBatch, LedgerBatch, LedgerBatch] {
  const author = new LedgerAuthor(3);
  return [author.next(delivered()), author.next(delivered()), author.next(delivered())];
}

/** The kinds and places of what is found on the way. */
function follow(batches: readonly LedgerBatch[]): string[] {
  let ledger: Head = NOTHING_YET;
  const lanes = new Map<string, Head>();
  const alarms: Alarm[] = [];
  for (const batch of batches) {
    const bytes = encodeLedgerBatch(batch);
    const digest = hash('sha256', bytes, 'buffer');
    const followed = followLedger(ledger, lanes, new LedgerView(bytes), digest, `ledger@${batch.sequence}`);
    ledger = followed.ledger;
    for (const [agency, head] of followed.lanes) lanes.set(agency, head);
    alarms.push(...followed.alarms);
  }
  return alarms.map(({ kind, place, expected, found }) => `${kind} ${place}: ${expected}, ${found}`);
}

test('a ledger without faults raises no alarm', () => {
  expect(follow(threeBatches())).toEqual([]);
});

test('a missing batch is one alarm in the ledger and one in its lane', () => {
  const [first, , third] = threeBatches();
  expect(follow([first, third])).toEqual([
    'ledger-gap ledger@3: batch 2, batch 3',
    'lane-gap harbour-bank/3: delivery 2, delivery 3',
  ]);
});

test('a first batch that is not the first is a gap', () => {
  const [, second] = threeBatches();
  expect(follow([second])).toContain('ledger-gap ledger@2: batch 1, batch 2');
});

test('a batch that was exchanged is noticed by the next one', () => {
  const [first, second, third] = threeBatches();
  const exchanged = { ...second, decidedAt: second.decidedAt + 1 };
  expect(follow([first, exchanged, third]).map((alarm) => alarm.split(':')[0])).toEqual(['ledger-fork ledger@3']);
});

test('deliveries that were left out of a lane are noticed though the ledger is whole', () => {
  const [first, second, third] = threeBatches();
  third.blocks[0]!.first += 1;
  expect(follow([first, second, third])).toEqual(['lane-gap harbour-bank/3: delivery 3, delivery 4']);
});

test('a block that repeats sequences, and one after another block, are noticed', () => {
  const [first, second, third] = threeBatches();
  third.blocks[0]!.first -= 1;
  expect(follow([first, second, third])).toEqual(['lane-overlap harbour-bank/3: delivery 3, delivery 2']);
  const [a, b, c] = threeBatches();
  c.blocks[0]!.previous = Buffer.alloc(32, 9);
  expect(follow([a, b, c]).map((alarm) => alarm.split(':')[0])).toEqual(['lane-fork harbour-bank/3@3']);
});
