import { randomUUID } from 'node:crypto';
import {
  AGENCY_FENCED,
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  agencyStream,
  LANES,
  readAgency,
  readSanction,
  readVettingReceiptKey,
  restoreAgency,
  revokeAgency,
  suspendAgency,
  TOPICS,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { ParkedMessages } from '@sluice/messaging';
import { verifyReceipt } from '@sluice/vault';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { PlayedDelivery } from '../testing/played-delivery.js';
import { ADA, agencyClaims, RunningVetting, SOL } from '../testing/running-vetting.js';
import { TopicReader } from '../testing/topic-reader.js';
import { prepareVettingDatabase } from '../testing/vetting-database.js';

const kafka = { ...inject('kafka'), clientId: 'vetting-sanction-test' };
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareVettingDatabase(database.url);
const events = await TopicReader.start(kafka, TOPICS.vetting);
const vetting = await RunningVetting.start(kafka, databaseUrl);
const other = await vetting.startInstance();
const delivery = new PlayedDelivery(kafka);

// Joining the group takes longer than a caller may wait for a receipt.
const { agency: first } = await vetting.accredited();
await vetting.call(suspendAgency, { as: SOL, agency: first, body: { reason: 'to see fences come in' }, wait: 0 });
await delivery.fence(
  first,
  4,
  Array.from({ length: LANES }, (_, lane) => lane),
);
while ((await vetting.call(readSanction, { as: SOL, agency: first, wait: 1 })).status === 202);

afterAll(async () => {
  await vetting.close();
  await events.close();
  await delivery.close();
  await database.drop();
});

/** As a client would: what is not effective yet is asked for again, under its key. */
async function answered<C extends Parameters<typeof vetting.call>[0]>(
  contract: C,
  call: Parameters<typeof vetting.call<C>>[1],
): Promise<Awaited<ReturnType<typeof vetting.call<C>>>> {
  const again = { key: randomUUID(), ...call, wait: 5 };
  for (;;) {
    const answer = await vetting.call(contract, again);
    if (answer.status !== 202) return answer;
  }
}

const ALL = Array.from({ length: LANES }, (_, lane) => lane);
const body = { reason: 'volume beyond its purpose' };

const eventOf = (type: string, agency: string) =>
  events.until((event) => event.type === type && event.key === agencyStream(agency)).then(([event]) => event!.data);

test('a suspension is answered with its receipt once every lane is fenced', async () => {
  const { agency } = await vetting.accredited();
  const suspending = answered(suspendAgency, { as: SOL, agency, body });
  expect(await eventOf(AGENCY_SUSPENDED, agency)).toEqual({ agency, agencyVersion: 4, by: 'staff:sol', ...body });
  await delivery.fence(agency, 4, ALL);
  const { status, body: sanction } = await suspending;
  expect(status).toBe(200);
  const fences = ALL.map((lane) => ({ lane, sequence: 100 + lane }));
  expect(sanction).toMatchObject({ agency, version: 4, state: 'suspended', effect: 'effective', fences });

  const { keys } = (await vetting.call(readVettingReceiptKey, { at: other })).body;
  expect(await verifyReceipt(sanction.receipt!, keys[0]!)).toEqual({
    type: 'agency-sanction',
    agency,
    state: 'suspended',
    agencyVersion: 4,
    fences,
    recordedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    effectiveAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await eventOf(AGENCY_FENCED, agency)).toEqual({ agency, agencyVersion: 5, sanctionVersion: 4, fences });
});

test('before that it is recorded, and the receipt is where the answer says', async () => {
  const { agency } = await vetting.accredited();
  const early = await vetting.call(suspendAgency, { as: SOL, agency, body, wait: 0 });
  const receiptUrl = `/agencies/${agency}/sanction`;
  expect(early).toMatchObject({
    status: 202,
    body: { version: 4, state: 'suspended', effect: 'recorded', fences: [], receiptUrl },
  });
  expect(early.headers.get('location')).toBe(receiptUrl);
  await delivery.fence(agency, 4, ALL.slice(1));
  const partly = await vetting.call(readSanction, { as: ADA, agency, wait: 1 });
  expect(partly).toMatchObject({ status: 202, body: { effect: 'recorded' } });
  expect(partly.body).not.toHaveProperty('receipt');
  // Both instances are asked: one of them was not the one that heard of the fences.
  const waiting = [other, vetting.instances[0]!].map((at) => answered(readSanction, { as: SOL, agency, at }));
  await delivery.fence(agency, 4, [0]);
  const [here, there] = await Promise.all(waiting);
  expect([here!.status, there!.status]).toEqual([200, 200]);
  expect(here!.body).toEqual(there!.body);
  const own = await vetting.call(readSanction, { as: agencyClaims(agency), agency });
  expect(own.body).toEqual(here!.body);
});

test('fences that come twice, or of other sanctions, change nothing', async () => {
  const { agency } = await vetting.accredited();
  await vetting.call(suspendAgency, { as: SOL, agency, body, wait: 0 });
  await delivery.fence(agency, 9, ALL);
  await delivery.fence(agency, 4, [0, 0, 0, 1, 1, 1]);
  expect((await vetting.call(readSanction, { as: SOL, agency, wait: 1 })).status).toBe(202);
  await delivery.fence(agency, 4, ALL);
  const { body: first } = await answered(readSanction, { as: SOL, agency });
  expect(first.effect).toBe('effective');
  await delivery.fence(agency, 4, ALL);
  await vetting.call(restoreAgency, { as: SOL, agency });
  await eventOf(AGENCY_RESTORED, agency);
  const fenced = await events.until(({ key, type }) => key === agencyStream(agency) && type === AGENCY_FENCED);
  expect(fenced).toHaveLength(1);
  expect((await vetting.call(readSanction, { as: SOL, agency })).body).toEqual(first);
});

test('a restored agency is accredited again; its sanction gets its receipt all the same', async () => {
  const { agency } = await vetting.accredited();
  await vetting.call(suspendAgency, { as: SOL, agency, body, wait: 0 });
  const restored = await vetting.call(restoreAgency, { as: SOL, agency });
  expect(restored.body).toMatchObject({ state: 'accredited', version: 5 });
  await delivery.fence(agency, 4, ALL);
  const sanction = await answered(readSanction, { as: SOL, agency });
  expect(sanction).toMatchObject({ status: 200, body: { version: 4, state: 'suspended', effect: 'effective' } });
  expect((await vetting.call(readAgency, { as: SOL, agency })).body).toMatchObject({ state: 'accredited', version: 6 });
});

test('a suspended agency can be revoked, for good; each sanction has a receipt of its own', async () => {
  const { agency } = await vetting.accredited();
  const key = randomUUID();
  await vetting.call(suspendAgency, { as: SOL, agency, body, wait: 0, key });
  const revoking = answered(revokeAgency, { as: SOL, agency, body });
  expect(await eventOf(AGENCY_REVOKED, agency)).toMatchObject({ agencyVersion: 5 });
  await delivery.fence(agency, 5, ALL);
  expect((await revoking).body).toMatchObject({ state: 'revoked', version: 5, effect: 'effective' });
  await delivery.fence(agency, 4, ALL);
  // The first request again: it is about the suspension, not about what came after.
  const repeated = await answered(suspendAgency, { as: SOL, agency, body, key });
  expect(repeated).toMatchObject({ status: 200, body: { state: 'suspended', version: 4, effect: 'effective' } });
  for (const contract of [suspendAgency, revokeAgency] as const) {
    expect(await vetting.call(contract, { as: SOL, agency, body })).toMatchObject({ problem: 'wrong-state' });
  }
  expect(await vetting.call(restoreAgency, { as: SOL, agency })).toMatchObject({ problem: 'wrong-state' });
});

test('a sanction is read by those it concerns', async () => {
  const { agency } = await vetting.accredited();
  expect(await vetting.call(readSanction, { as: SOL, agency })).toMatchObject({ status: 409, problem: 'wrong-state' });
  const unknown = await vetting.call(readSanction, { as: SOL, agency: 'nobody-known' });
  expect(unknown).toMatchObject({ status: 404, problem: 'unknown-agency' });
  const curious = await vetting.call(readSanction, { as: agencyClaims('another-bank'), agency });
  expect(curious).toMatchObject({ status: 403, problem: 'not-allowed' });
});

test('a fence that cannot be read is parked, and holds up no other', async () => {
  const { agency } = await vetting.accredited();
  await vetting.call(suspendAgency, { as: SOL, agency, body, wait: 0 });
  await delivery.say(agency, { agency, agencyVersion: 4, lane: 'zero' });
  await delivery.fence(agency, 4, ALL);
  expect((await answered(readSanction, { as: SOL, agency })).status).toBe(200);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const [parked] = await new ParkedMessages(pool, 'vetting').list();
  await pool.end();
  expect(parked).toMatchObject({ reason: 'fence-not-as-contracted', key: agencyStream(agency) });
});
