import { createSecretKey, hash, randomBytes, randomUUID } from 'node:crypto';
import { encodeLedgerBatch, type LedgerBatch, NIL_UUID } from '@sluice/contracts';
import { expect, test } from 'vitest';
import { linesOf } from '../domain/history-lines.js';
import { writeLedgerEntries } from '../domain/ledger-entries.js';
import { LedgerView } from '../domain/ledger-view.js';
import { HistoryColumns } from '../intake/history-columns.js';
import { LedgerAuthor } from '../testing/records.js';
import { type OpenedRow, RowCommitments } from './row-commitments.js';

const commitments = new RowCommitments(createSecretKey(randomBytes(32)));
const NAMES = [
  'harbour-bank',
  'lake-bureau',
  'city-tax',
  'a-very-long-name-of-an-agency-it-is',
  'b',
  'c',
  'd',
  'e',
  'f',
];

/** Entries of the ledger with 0, 1, 2 ... decisions, as the intake writes them. */
function ledgerRows(change: (batch: LedgerBatch) => LedgerBatch = (batch) => batch) {
  const happenings = NAMES.map((_, count) => ({
    subject: randomUUID(),
    outcomes: Object.fromEntries(NAMES.slice(0, count).map((name) => [name, 'delivered' as const])),
  }));
  const history = new HistoryColumns();
  const batch = change(new LedgerAuthor(3).next([...happenings, { subject: NIL_UUID }]));
  const origin = { topic: 1, partition: 3, offset: 77n, at: batch.decidedAt } as const;
  writeLedgerEntries(new LedgerView(encodeLedgerBatch(batch)), 'here', history.sinkFor(origin));
  return [...history.placed()].map((placed) => ({
    ...placed,
    refs: history.refs.bytes,
    entries: history.entries.bytes,
    ref: Buffer.from(history.refs.bytes.subarray(placed.refAt, placed.refAt + 8)),
    entry: Buffer.from(history.entries.bytes.subarray(placed.entryAt, placed.entryAt + placed.length)),
  }));
}

function rowHash({ head, decisions }: OpenedRow): string {
  const parts = [head, ...decisions].map(({ salt, content }) =>
    hash('sha256', Buffer.concat([salt, content]), 'buffer'),
  );
  return hash('sha256', Buffer.concat([Buffer.of(2), ...parts]), 'binary');
}

test('what is opened is what was committed to, with any number of decisions', () => {
  const rows = ledgerRows();
  expect(rows).toHaveLength(NAMES.length);
  rows.forEach((row, count) => {
    const opened = commitments.open({ ref: row.ref, at: row.time, entry: row.entry });
    expect(opened.decisions).toHaveLength(count);
    expect(rowHash(opened)).toBe(commitments.commit(row));
    const salts = [opened.head, ...opened.decisions].map(({ salt }) => salt.toString('hex'));
    expect(new Set(salts).size).toBe(count + 1);
  });
});

test('there is a part for each line of a history, also of a replay', () => {
  const replayed = (batch: LedgerBatch): LedgerBatch => ({
    ...batch,
    sources: batch.sources.map((source) => ({ ...source, replay: '0190a000-0000-7000-8000-000000000777' })),
  });
  for (const rows of [ledgerRows(), ledgerRows(replayed)]) {
    rows.forEach(({ ref, time, entry }, count) => {
      const { decisions } = commitments.open({ ref, at: time, entry });
      const lines = linesOf({ at: time, ref: ref.readBigInt64BE(0), entry });
      expect(lines.filter(({ entry: { outcome } }) => outcome !== undefined)).toHaveLength(count);
      expect(decisions).toHaveLength(count);
    });
  }
  const [row] = ledgerRows(replayed).slice(-1);
  expect(rowHash(commitments.open({ ref: row!.ref, at: row!.time, entry: row!.entry }))).toBe(commitments.commit(row!));
  expect(linesOf({ at: 0, ref: 1n, entry: row!.entry })[0]!.entry.replay).toBeDefined();
});

test('another secret, place or time is another commitment, and rows of one record share no salt', () => {
  const [one, other] = ledgerRows().slice(1) as [
    ReturnType<typeof ledgerRows>[number],
    ReturnType<typeof ledgerRows>[number],
  ];
  const stranger = new RowCommitments(createSecretKey(randomBytes(32)));
  expect(stranger.commit(one)).not.toBe(commitments.commit(one));
  expect(commitments.commit({ ...one, time: one.time + 1 })).not.toBe(commitments.commit(one));
  expect(commitments.commit({ ...one, refAt: other.refAt })).not.toBe(commitments.commit(one));
  const saltOf = ({ ref, time, entry }: typeof one) => commitments.open({ ref, at: time, entry }).head.salt;
  expect(saltOf(one).equals(saltOf(other))).toBe(false);
  expect(commitments.commit(one)).toBe(commitments.commit(one));
});
