import { randomUUID } from 'node:crypto';
import {
  AGENCY_RESTORED,
  AGENCY_SUSPENDED,
  agencyStream,
  attributeSet,
  encodeLedgerBatch,
  type LedgerDecision,
  type LedgerSource,
  type PolicyChange,
  SOURCE_KIND,
  SOURCE_TOPIC,
  TOPICS,
} from '@sluice/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeliveryWorld } from '../testing/delivery-world.js';
import { AccreditationHistory } from './accreditation-history.js';
import { BATCHES_AFTER, LedgerHistory } from './ledger-history.js';
import { PolicyTrial, type TrialPart } from './policy-trial.js';

const BANK = 'harbour-bank';
const SUSPENSION: PolicyChange[] = [{ kind: 'suspend-agency', agency: BANK }];
const BEGIN_MS = Date.UTC(2026, 0, 1);
const FAR = new Date('2036-01-01');

let world: DeliveryWorld;
let ledger: LedgerHistory;

beforeAll(async () => {
  world = await DeliveryWorld.start();
  ledger = new LedgerHistory(world.pool);
  await world.accredit(BANK, ['mobilePhone', 'employer']);
});
afterAll(() => world?.close());

/** Batches of deliveries as delivery records them, one a second. */
async function record(partition: number, batches: number, deliveries: number, subject = randomUUID): Promise<void> {
  for (let sequence = 1; sequence <= batches; sequence++) {
    const decidedAt = BEGIN_MS + sequence * 1_000;
    const content = encodeLedgerBatch({
      partition,
      sequence,
      epoch: 1,
      decidedAt,
      catalogueVersion: 1,
      registryOffset: BigInt(sequence),
      consentOffset: 0n,
      vettingOffset: 1n,
      previous: Buffer.alloc(32),
      sources: Array.from({ length: deliveries }, () => sourceOf(subject(), decidedAt)),
      decisions: Array.from({ length: deliveries }, (_, source) => delivery(source)),
      blocks: [],
    });
    await world.pool.query(
      'insert into delivery.batch (partition, sequence, decided_at, content) values ($1, $2, $3, $4)',
      [partition, sequence, new Date(decidedAt), content],
    );
  }
}

function sourceOf(subject: string, time: number): LedgerSource {
  return {
    topic: SOURCE_TOPIC.registry,
    kind: SOURCE_KIND.changed,
    offset: 0n,
    eventId: randomUUID(),
    subject,
    version: 1,
    attributes: attributeSet(['mobilePhone']),
    time,
    actor: 'person:1',
  };
}

function delivery(source: number): LedgerDecision {
  return {
    source,
    agency: BANK,
    outcome: 'delivered',
    grant: randomUUID(),
    grantVersion: 2,
    attributes: attributeSet(['mobilePhone']),
    purpose: 'kyc-refresh',
    basis: 'consent',
  };
}

async function parts(partition: number, from?: Date, to = FAR): Promise<TrialPart[]> {
  const trial = new PolicyTrial(ledger, new AccreditationHistory(world.kafka));
  const found: TrialPart[] = [];
  for (let after = from === undefined ? 0 : await ledger.lastBefore(partition, from); ; ) {
    const part = await trial.part({ partition, after, from, to }, SUSPENSION);
    found.push(part);
    if (part.finished) return found;
    after = part.sequence;
  }
}

const sum = (found: TrialPart[], of: (part: TrialPart) => number) => found.reduce((total, part) => total + of(part), 0);

test('a history larger than a part is gone through batch by batch, none missed and none twice', async () => {
  const one = randomUUID();
  await record(0, 25, 1_000, () => one);
  const found = await parts(0);
  expect(found.length).toBeGreaterThan(1);
  expect(sum(found, ({ batches }) => batches)).toBe(25);
  expect(sum(found, ({ tally }) => tally.reply().effects[0]?.refused ?? 0)).toBe(25_000);
  expect(sum(found, ({ tally }) => tally.notReproduced)).toBe(0);
});

test('many persons end a part, so that an answer stays small', async () => {
  await record(1, 12, 1_000);
  const found = await parts(1);
  for (const { tally } of found) expect(tally.persons).toBeLessThanOrEqual(6_000);
  expect(sum(found, ({ tally }) => tally.persons)).toBe(12_000);
});

test('a range begins and ends at the millisecond, wherever it lies', async () => {
  await record(2, 9, 1);
  const at = (sequence: number, ms = 0) => new Date(BEGIN_MS + sequence * 1_000 + ms);
  const batches = async (from?: Date, to?: Date) => sum(await parts(2, from, to), (part) => part.batches);
  for (let sequence = 1; sequence <= 9; sequence++) {
    expect(await ledger.lastBefore(2, at(sequence))).toBe(sequence - 1);
    expect(await ledger.lastBefore(2, at(sequence, 1))).toBe(sequence);
    expect(await batches(at(sequence))).toBe(10 - sequence);
    expect(await batches(undefined, at(sequence))).toBe(sequence - 1);
    expect(await batches(at(3), at(sequence))).toBe(Math.max(0, sequence - 3));
  }
  expect(await ledger.lastBefore(2, FAR)).toBe(9);
  expect(await ledger.lastBefore(5, FAR)).toBe(0);
  expect(await parts(5)).toMatchObject([{ batches: 0, finished: true }]);
});

test('the ledger is read through its key alone', async () => {
  const text = BATCHES_AFTER.replace('$1', '0').replace('$2', '5').replace('$3', '20');
  const client = await world.pool.connect();
  try {
    // These tables are so small that PostgreSQL would rather scan them.
    await client.query('begin; set local enable_seqscan = off; set local enable_bitmapscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using batch_pkey');
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('accreditations are those of the offset, and an event that a relay published again changes nothing', async () => {
  const publish = (type: string, agencyVersion: number) => {
    const data = { agency: BANK, agencyVersion, by: 'staff:sol', reason: 'a test' };
    const value = Buffer.from(JSON.stringify(data));
    return world.producer.send([world.record(TOPICS.vetting.name, 1, agencyStream(BANK), type, value)]);
  };
  await publish(AGENCY_SUSPENDED, 4);
  await publish(AGENCY_RESTORED, 5);
  await publish(AGENCY_SUSPENDED, 4);
  await publish(AGENCY_RESTORED, 5);
  const history = new AccreditationHistory(world.kafka);
  const stateAt = async (offset: bigint) => (await history.before(offset)).get(BANK)?.state;
  // Asked at once and in any order: each is answered from one reading of the topic.
  expect(await Promise.all([5n, 0n, 2n, 1n, 4n, 3n].map(stateAt))).toEqual([
    'accredited',
    undefined,
    'suspended',
    'accredited',
    'accredited',
    'accredited',
  ]);
  await expect(history.before(6n)).rejects.toThrow();
  expect(await stateAt(2n)).toBe('suspended');
});
