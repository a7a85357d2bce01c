import { randomUUID } from 'node:crypto';
import {
  attributesIn,
  decodeLedgerBatch,
  encodeLedgerBatch,
  type LedgerBatch,
  NIL_UUID,
  OUTCOMES,
  SOURCE_KIND,
  uuidText,
} from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Happening, LedgerAuthor } from '../testing/records.js';
import { linesOf } from './history-lines.js';
import { type EntrySink, writeLedgerEntries } from './ledger-entries.js';
import { LedgerView } from './ledger-view.js';

const KINDS = Object.values(SOURCE_KIND);
const AGENCIES = ['harbour-bank', 'beacon-credit', '城-tax'];

const happening: fc.Arbitrary<Happening> = fc.record({
  subject: fc.oneof({ weight: 9, arbitrary: fc.uuid() }, { weight: 1, arbitrary: fc.constant(NIL_UUID) }),
  kind: fc.constantFrom(...KINDS),
  outcomes: fc.dictionary(fc.constantFrom(...AGENCIES), fc.constantFrom(...OUTCOMES)),
  replay: fc.option(fc.uuid(), { nil: undefined }),
});

/** Gathers rows as the intake does, in buffers that are written in place. */
class Rows implements EntrySink {
  readonly rows: { index: number; subject: string; entry: Buffer }[] = [];
  row(index: number, subject: Buffer, subjectAt: number, length: number) {
    const into = Buffer.alloc(length + 8);
    this.rows.push({ index, subject: uuidText(subject, subjectAt), entry: into.subarray(8) });
    return { into, at: 8 };
  }
}

function rowsOf(batch: LedgerBatch): Rows {
  const rows = new Rows();
  expect(writeLedgerEntries(new LedgerView(encodeLedgerBatch(batch)), 'here', rows)).toEqual([]);
  return rows;
}

/** What a history shows of a batch, worked out from the decoded batch the slow way. */
function expectedLines(batch: LedgerBatch, index: number) {
  const source = batch.sources[index]!;
  const common = { at: new Date(batch.decidedAt).toISOString(), actor: source.actor, event: source.eventId };
  const own = { [SOURCE_KIND.registered]: 'registered', [SOURCE_KIND.changed]: 'changed' }[source.kind as 1 | 2];
  const lines: object[] =
    own && source.replay === undefined
      ? [
          {
            ...common,
            kind: own,
            attributes: attributesIn(source.attributes),
            detail: expect.stringContaining('recorded '),
          },
        ]
      : [];
  const delivery = own ? 'delivered' : source.kind === SOURCE_KIND.snapshot ? 'snapshot' : 'notice';
  for (const decision of batch.decisions.filter(({ source }) => source === index)) {
    const { agency, outcome, grant, grantVersion, purpose, basis, attributes } = decision;
    const released = batch.decisions.filter((other) => other.agency === agency && other.outcome === 'delivered');
    const sequence = batch.blocks.find((block) => block.agency === agency)?.first ?? 0;
    lines.push({
      ...common,
      kind: outcome === 'delivered' ? delivery : 'refused',
      recipient: agency,
      channel: 'feed',
      outcome,
      grant,
      grantVersion,
      purpose,
      basis,
      attributes: attributesIn(attributes),
      ...(source.replay !== undefined && { replay: source.replay }),
      ...(outcome === 'delivered' && { lane: batch.partition, sequence: sequence + released.indexOf(decision) }),
    });
  }
  return lines.reverse();
}

test('histories show of a ledger batch what decoding it shows', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(fc.array(happening, { maxLength: 12 }), { maxLength: 4 }), (partition, batches) => {
      const author = new LedgerAuthor(partition);
      for (const happenings of batches) {
        const batch = author.next(happenings);
        const { rows } = rowsOf(batch);
        expect(rows.map(({ subject }) => subject)).toEqual(
          batch.sources.map(({ subject }) => subject).filter((subject) => subject !== NIL_UUID),
        );
        for (const { index, entry } of rows) {
          const lines = linesOf({ at: batch.decidedAt, ref: 1n, entry }).map(({ entry: { id, ...rest } }) => rest);
          expect(lines).toEqual(expectedLines(batch, index));
        }
      }
    }),
  );
});

test('several blocks of one agency are filled one after the other', () => {
  const author = new LedgerAuthor(0);
  const subjects = Array.from({ length: 5 }, () => randomUUID());
  const batch = author.next(subjects.map((subject) => ({ subject, outcomes: { 'harbour-bank': 'delivered' } })));
  const [block] = batch.blocks;
  batch.blocks = [
    { ...block!, first: 7, count: 2 },
    { ...block!, first: 20, count: 3 },
  ];
  const sequences = rowsOf(batch).rows.map(({ entry }) => linesOf({ at: 0, ref: 1n, entry })[0]!.entry.sequence);
  expect(sequences).toEqual([7, 8, 20, 21, 22]);
});

test('a block that does not hold what was decided for it is an alarm', () => {
  const batch = new LedgerAuthor(0).next([{ subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered' } }]);
  batch.blocks[0]!.count = 2;
  const view = new LedgerView(encodeLedgerBatch(batch));
  expect(writeLedgerEntries(view, 'delivery.ledger/0@9', new Rows())).toEqual([
    {
      kind: 'lane-count',
      place: 'delivery.ledger/0@9 harbour-bank',
      expected: '1 deliveries',
      found: '2 in blocks',
    },
  ]);
});

test('bytes that are no whole batch are refused before anything is written', () => {
  const bytes = encodeLedgerBatch(
    new LedgerAuthor(0).next([{ subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered' } }]),
  );
  expect(() => decodeLedgerBatch(bytes)).not.toThrow();
  for (let length = 0; length < bytes.length; length++) {
    expect(() => new LedgerView(bytes.subarray(0, length)), `${length} bytes`).toThrow(RangeError);
  }
  const foreign = Buffer.from(bytes);
  foreign[0] = 3;
  expect(() => new LedgerView(foreign)).toThrow(RangeError);
});

test('bytes that were changed are refused as a whole, or give lines that can be read', () => {
  const bytes = encodeLedgerBatch(
    new LedgerAuthor(0).next([
      { subject: randomUUID(), outcomes: { 'harbour-bank': 'delivered', 'city-tax': 'grant-paused' } },
      { subject: randomUUID(), kind: SOURCE_KIND.snapshot, outcomes: { 'harbour-bank': 'delivered' } },
    ]),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        let view: LedgerView;
        try {
          view = new LedgerView(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        const rows = new Rows();
        writeLedgerEntries(view, 'here', rows);
        for (const { entry } of rows.rows) linesOf({ at: view.decidedAt, ref: 1n, entry });
      },
    ),
    { numRuns: 3_000 },
  );
});
