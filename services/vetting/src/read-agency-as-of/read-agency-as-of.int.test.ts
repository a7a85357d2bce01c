import {
  ACCESS_ADMINISTERED,
  agencyStream,
  readAgencyAsOf,
  restoreAgency,
  suspendAgency,
  TOPICS,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { SCOPE } from '../testing/agencies.js';
import { ADA, agencyClaims, RunningVetting, SOL } from '../testing/running-vetting.js';
import { TopicReader } from '../testing/topic-reader.js';
import { prepareVettingDatabase } from '../testing/vetting-database.js';

const kafka = { ...inject('kafka'), clientId: 'vetting-as-of-test' };
const database = await createTestDatabase(inject('pgUrl'));
const admin = new pg.Pool({ connectionString: database.url, max: 1 });
const accesses = await TopicReader.start(kafka, TOPICS.access);
const vetting = await RunningVetting.start(kafka, await prepareVettingDatabase(database.url));
afterAll(async () => {
  await vetting.close();
  await accesses.close();
  await admin.end();
  await database.drop();
});

const asOf = (as: Record<string, unknown>, agency: string, at: Date) =>
  vetting.call(readAgencyAsOf, { as, agency, query: { at: at.toISOString() } });

const before = (at: Date) => new Date(at.getTime() - 1);

test('an agency is what it was: before its application nobody, suspended from the very instant on', async () => {
  const { agency } = await vetting.accredited();
  const sanction = { reason: 'volumes out of proportion' };
  await vetting.call(suspendAgency, { as: SOL, agency, body: sanction, wait: 0 });
  await vetting.call(restoreAgency, { as: SOL, agency });
  const { rows } = await admin.query<{ type: string; recorded_at: Date }>(
    'select type, recorded_at from vetting.event where stream = $1',
    [agencyStream(agency)],
  );
  const time = new Map(rows.map(({ type, recorded_at }) => [type.split('.')[2], recorded_at]));
  const stateAt = async (at: Date) => (await asOf(ADA, agency, at)).body.state;

  expect(await asOf(ADA, agency, before(time.get('agency-applied')!))).toMatchObject({ problem: 'unknown-agency' });
  expect((await asOf(ADA, agency, time.get('agency-accredited')!)).body).toMatchObject({
    state: 'accredited',
    version: 3,
    scope: SCOPE,
    since: time.get('agency-accredited')!.toISOString(),
  });
  expect(await stateAt(before(time.get('agency-suspended')!))).toBe('accredited');
  expect(await stateAt(time.get('agency-suspended')!)).toBe('suspended');
  expect(await stateAt(time.get('agency-restored')!)).toBe('accredited');
});

test('an agency looks back at itself only, and nobody looks ahead', async () => {
  const [{ agency }, other] = [await vetting.accredited(), await vetting.accredited()];
  expect(await asOf(agencyClaims(agency), agency, new Date())).toMatchObject({ status: 200 });
  expect(await asOf(agencyClaims(agency), other.agency, new Date())).toMatchObject({ problem: 'unknown-agency' });
  expect(await asOf(ADA, agency, new Date(Date.now() + 60_000))).toMatchObject({ problem: 'validation-failed' });
});

test('what staff look up is on record, with the time it was about', async () => {
  const { agency } = await vetting.accredited();
  const at = new Date();
  await asOf(ADA, agency, at);
  const target = `agency:${agency} at ${at.toISOString()}`;
  const isIt = ({ type, data }: { type: string; data: unknown }) =>
    type === ACCESS_ADMINISTERED && (data as { target: string }).target === target;
  const [record] = await accesses.until(isIt, 1);
  expect(record!.data).toEqual({ by: 'staff:ada', act: 'readAgencyAsOf', target });
});
