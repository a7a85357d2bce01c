import { randomUUID } from 'node:crypto';
import {
  ACCESS_ADMINISTERED,
  ACCESS_REFUSED,
  AGENCY_ACCREDITED,
  AGENCY_APPLIED,
  AGENCY_APPROVED_ONCE,
  AGENCY_KEY_REGISTERED,
  AGENCY_REFUSED,
  agencyStream,
  applyAsAgency,
  approveAgency,
  listAgencies,
  readAgency,
  refuseAgency,
  registerKey,
  restoreAgency,
  suspendAgency,
  TOPICS,
  type VettingEventType,
  vettingEvents,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { DETAILS, NARROWER, PUBLIC_KEY, SCOPE } from './testing/agencies.js';
import { ADA, agencyClaims, RUI, RunningVetting, SOL, VERA } from './testing/running-vetting.js';
import { TopicReader } from './testing/topic-reader.js';
import { prepareVettingDatabase } from './testing/vetting-database.js';

const kafka = { ...inject('kafka'), clientId: 'vetting-test' };
const database = await createTestDatabase(inject('pgUrl'));
const databaseUrl = await prepareVettingDatabase(database.url);
const events = await TopicReader.start(kafka, TOPICS.vetting);
const accesses = await TopicReader.start(kafka, TOPICS.access);
const vetting = await RunningVetting.start(kafka, databaseUrl);

afterAll(async () => {
  await vetting.close();
  await events.close();
  await accesses.close();
  await database.drop();
});

const PERSON = { sub: randomUUID(), kind: 'person' };

test('two reviewers accredit an applicant, and the events carry all that delivery needs', async () => {
  const { agency } = await vetting.applied();
  const first = await vetting.call(approveAgency, { as: RUI, agency, body: {} });
  expect(first).toMatchObject({ status: 200, body: { state: 'approved-once', keyEpoch: 0, version: 2 } });
  const second = await vetting.call(approveAgency, { as: VERA, agency, body: {} });
  expect(second.body).toEqual({ agency, version: 3, state: 'accredited', details: DETAILS, scope: SCOPE, keyEpoch: 1 });
  expect(second.headers.get('etag')).toBe('"3"');

  const published = await events.until(({ key }) => key === agencyStream(agency), 3);
  expect(published.map(({ type }) => type)).toEqual([AGENCY_APPLIED, AGENCY_APPROVED_ONCE, AGENCY_ACCREDITED]);
  for (const { type, data } of published) vettingEvents[type as VettingEventType].parse(data);
  expect(published[2]!.data).toEqual({
    agency,
    agencyVersion: 3,
    details: DETAILS,
    scope: SCOPE,
    publicKey: PUBLIC_KEY,
    keyEpoch: 1,
  });
});

test('acts of the centre’s staff are on record beside what they changed', async () => {
  const { agency } = await vetting.accredited();
  const target = `agency:${agency}`;
  const records = await accesses.until(({ data }) => data.target === target, 2);
  // Each record has a stream, and so a partition, of its own: between them there is no order.
  expect(new Set(records.map(({ type, data }) => `${type} ${data.act} ${data.by}`))).toEqual(
    new Set([`${ACCESS_ADMINISTERED} approveAgency staff:rui`, `${ACCESS_ADMINISTERED} approveAgency staff:vera`]),
  );
});

test('one reviewer alone does not accredit', async () => {
  const { agency } = await vetting.applied();
  await vetting.call(approveAgency, { as: RUI, agency, body: {} });
  expect(await vetting.call(approveAgency, { as: RUI, agency, body: {} })).toMatchObject({ problem: 'same-person' });
});

test('of two reviewers who accredit at the same moment one is first', async () => {
  const { agency } = await vetting.applied();
  const both = await Promise.all(
    [RUI, VERA].map((as) => vetting.call(approveAgency, { as, agency, body: { scope: NARROWER } })),
  );
  expect(both.map(({ body }) => body.state).sort()).toEqual(['accredited', 'approved-once']);
});

test('both have to name the same narrower scope', async () => {
  const { agency } = await vetting.applied();
  await vetting.call(approveAgency, { as: RUI, agency, body: { scope: NARROWER } });
  expect(await vetting.call(approveAgency, { as: VERA, agency, body: {} })).toMatchObject({
    problem: 'outside-purpose',
  });
  const same = await vetting.call(approveAgency, { as: VERA, agency, body: { scope: NARROWER } });
  expect(same.body).toMatchObject({ state: 'accredited', scope: NARROWER });
});

test('an institution applies for itself, once, within what the purposes allow', async () => {
  const agency = `bank-${randomUUID().slice(0, 8)}`;
  const body = { agency, details: DETAILS, scope: SCOPE, publicKey: PUBLIC_KEY };
  const as = agencyClaims(agency);
  expect(await vetting.call(applyAsAgency, { as: agencyClaims('another-bank'), body })).toMatchObject({
    status: 403,
    problem: 'not-allowed',
  });
  const receives = [{ purpose: 'anti-fraud', attributes: ['email', 'incomeBand'], modes: ['query'] }];
  const beyond = { ...body, scope: { ...SCOPE, receives } };
  expect(await vetting.call(applyAsAgency, { as, body: beyond })).toMatchObject({ problem: 'outside-purpose' });
  const twice = { ...body, scope: { ...SCOPE, receives: [...SCOPE.receives, ...SCOPE.receives] } };
  expect(await vetting.call(applyAsAgency, { as, body: twice })).toMatchObject({ problem: 'validation-failed' });
  const applied = await vetting.call(applyAsAgency, { as, body });
  expect(applied).toMatchObject({ status: 201, body: { agency, state: 'applied', version: 1 } });
  expect(applied.headers.get('location')).toBe(`/agencies/${agency}`);
  expect(await vetting.call(applyAsAgency, { as, body })).toMatchObject({ status: 409, problem: 'already-exists' });
});

test('a repeated request is answered as the first one was, and acts and records once', async () => {
  const { agency } = await vetting.applied();
  const key = randomUUID();
  const answers = [];
  for (let i = 0; i < 3; i++)
    answers.push((await vetting.call(approveAgency, { as: RUI, agency, body: {}, key })).body);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  const other = await vetting.call(approveAgency, { as: RUI, agency, body: { scope: NARROWER }, key });
  expect(other).toMatchObject({ status: 422, problem: 'idempotency-mismatch' });
  await vetting.call(refuseAgency, { as: RUI, agency, body: { reason: 'to end the test' } });
  const records = await accesses.until(({ data }) => data.target === `agency:${agency}`, 2);
  expect(records.map(({ data }) => data.act).sort()).toEqual(['approveAgency', 'refuseAgency']);
});

test('an application can be refused, an accreditation cannot', async () => {
  const { agency } = await vetting.applied();
  const body = { reason: 'no such institution' };
  const refused = await vetting.call(refuseAgency, { as: RUI, agency, body });
  expect(refused.body).toMatchObject({ state: 'refused', version: 2 });
  await events.until(({ type, key }) => type === AGENCY_REFUSED && key === agencyStream(agency));
  const accredited = await vetting.accredited();
  for (const [contract, as] of [
    [refuseAgency, RUI],
    [approveAgency, RUI],
    [restoreAgency, SOL],
  ] as const) {
    const call = { as, agency: accredited.agency, ...(contract !== restoreAgency && { body }) };
    const { problem } = await vetting.call(contract, contract === approveAgency ? { ...call, body: {} } : call);
    expect(problem, contract.id).toBe('wrong-state');
  }
  for (const contract of [refuseAgency, suspendAgency] as const) {
    const as = contract === refuseAgency ? RUI : SOL;
    expect(await vetting.call(contract, { as, agency: 'nobody-known', body })).toMatchObject({
      status: 404,
      problem: 'unknown-agency',
    });
  }
});

test('a new key starts the next epoch', async () => {
  const { agency } = await vetting.accredited();
  const body = { publicKey: { ...PUBLIC_KEY, kid: '2027' } };
  const { body: view } = await vetting.call(registerKey, { as: agencyClaims(agency), agency, body });
  expect(view).toMatchObject({ keyEpoch: 2, version: 4 });
  const [event] = await events.until(({ type, key }) => type === AGENCY_KEY_REGISTERED && key === agencyStream(agency));
  expect(event!.data).toEqual({ agency, agencyVersion: 4, ...body, keyEpoch: 2 });
  expect(await vetting.call(registerKey, { as: agencyClaims('another-bank'), agency, body })).toMatchObject({
    problem: 'not-allowed',
  });
  const { agency: applicant } = await vetting.applied();
  const early = await vetting.call(registerKey, { as: agencyClaims(applicant), agency: applicant, body });
  expect(early).toMatchObject({ problem: 'wrong-state' });
});

test('anybody who takes part can see who does', async () => {
  const [applied, accredited] = [await vetting.applied(), await vetting.accredited()];
  const one = await vetting.call(readAgency, { as: PERSON, agency: accredited.agency });
  expect(one.body).toEqual(accredited);
  expect(one.headers.get('etag')).toBe('"3"');
  const codes = async (query?: Record<string, string>) => {
    const { body } = await vetting.call(listAgencies, { as: ADA, ...(query && { query }) });
    return body.agencies.map(({ agency }) => agency);
  };
  expect(await codes()).toEqual(expect.arrayContaining([applied.agency, accredited.agency]));
  expect(await codes({ state: 'applied' })).toContain(applied.agency);
  expect(await codes({ state: 'applied' })).not.toContain(accredited.agency);
  const unknown = await vetting.call(readAgency, { as: PERSON, agency: 'nobody-known' });
  expect(unknown).toMatchObject({ status: 404, problem: 'unknown-agency' });
});

test('who is refused for who they are is on record', async () => {
  const { agency } = await vetting.applied();
  const curious = { sub: randomUUID(), kind: 'person' };
  const { status } = await vetting.call(approveAgency, { as: curious, agency, body: {} });
  expect(status).toBe(403);
  const by = `person:${curious.sub}`;
  const [record] = await accesses.until(({ type, data }) => type === ACCESS_REFUSED && data.by === by);
  expect(record!.data).toEqual({ by, endpoint: 'approveAgency', problem: 'not-allowed' });
  expect(await vetting.call(approveAgency, { agency, body: {} })).toMatchObject({ status: 401 });
});

test('readiness tells whether fences come in', async () => {
  const { url } = vetting.instances[0]!;
  for (;;) {
    const { checks } = (await (await fetch(`${url}/readyz`)).json()) as {
      checks: Record<string, { ok: boolean; detail: string }>;
    };
    expect(checks.fences!.detail).toContain(TOPICS.fences.name);
    if (checks.fences!.ok && checks.relay!.ok && checks.postgresql!.ok) break;
  }
});

test('what cannot be recorded is not done', async () => {
  const { agency } = await vetting.applied();
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const role = new URL(databaseUrl).username;
  await admin.query(`revoke insert on vetting.event from ${role}`);
  const refused = await vetting.call(approveAgency, { as: RUI, agency, body: {} });
  await admin.query(`grant insert on vetting.event to ${role}`);
  await admin.end();
  expect(refused).toMatchObject({ status: 503, problem: 'cannot-record' });
  expect((await vetting.call(readAgency, { as: RUI, agency })).body.state).toBe('applied');
});
