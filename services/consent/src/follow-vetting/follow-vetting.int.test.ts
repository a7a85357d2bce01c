import {
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  acceptGrant,
  GRANT_FENCE_APPLIED,
  GRANT_SNAPSHOT_REQUESTED,
  GRANT_STOPPED,
  giveGrant,
  pauseGrant,
  readGrant,
  readReceipt,
  requestGrant,
  resumeGrant,
  TOPICS,
  withdrawGrant,
} from '@sluice/contracts';
import { afterAll, expect, test } from 'vitest';
import { ConsentUnderTest, type Pair, until } from '../testing/consent-under-test.js';
import { PROPOSAL, SHOWN } from '../testing/grants.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());
const BY = { by: 'staff:sol', reason: 'a test' };

async function say(agency: string, type: string): Promise<void> {
  await consent.vetting.say(agency, type, type === AGENCY_RESTORED ? { by: BY.by } : BY);
  await consent.untilVettingIsKnown(agency);
}

const stateOf = async (pair: Pair, grant: string) =>
  (await consent.call(readGrant, { as: pair.person, params: { grant } })).body.state;

test('while an agency is suspended, no way to an active grant is open, and every way out is', async () => {
  const agency = await consent.agency();
  const pair = await consent.pair(agency);
  const [requested, offered] = [await consent.requested(pair), await consent.offered(pair)];
  const [active, paused] = [await consent.agreed(pair), await consent.agreed(pair)];
  await consent.call(pauseGrant, { as: pair.person, params: { grant: paused.grant } });
  await say(agency, AGENCY_SUSPENDED);

  const { agency: _, ...terms } = PROPOSAL;
  for (const call of [
    consent.call(requestGrant, { as: pair.bank, body: { subject: pair.alias, ...terms } }),
    consent.call(acceptGrant, { as: pair.bank, params: { grant: offered.grant } }),
    consent.call(resumeGrant, { as: pair.person, params: { grant: paused.grant } }),
    consent.call(giveGrant, { as: pair.person, params: { grant: requested.grant }, body: { shown: SHOWN } }),
  ]) {
    expect(await call).toMatchObject({ status: 403, problem: 'not-accredited' });
  }
  expect((await consent.call(withdrawGrant, { as: pair.person, params: { grant: active.grant } })).status).toBe(200);
});

test('a restored agency asks once for a snapshot of every active grant, also across a restart', async () => {
  const agency = await consent.agency();
  const pairs = await Promise.all(Array.from({ length: 5 }, () => consent.pair(agency)));
  const grants = await Promise.all(pairs.map(async (pair) => (await consent.agreed(pair)).grant));
  await consent.call(pauseGrant, { as: pairs[0]!.person, params: { grant: grants[0]! } });
  const requested = await consent.requested(pairs[1]!);
  await say(agency, AGENCY_SUSPENDED);
  await say(agency, AGENCY_RESTORED);
  const asked = ({ type, data }: { type: string; data: Record<string, unknown> }) =>
    type === GRANT_SNAPSHOT_REQUESTED && grants.concat(requested.grant).includes(String(data.grant));
  const seen = await consent.events.until(asked, 4);
  expect(seen.map(({ data }) => data.grant).sort()).toEqual(grants.slice(1).sort());
  expect(seen[0]!.data).toMatchObject({ grantVersion: 3, terms: { agency } });
  expect(seen[0]!.headers.ce_actor).toBe('service:consent');

  await consent.stopInstance(consent.instances[0]!);
  await consent.startInstance();
  const other = await consent.agency();
  const late = await consent.agreed(await consent.pair(other));
  await say(other, AGENCY_SUSPENDED);
  await say(other, AGENCY_RESTORED);
  await consent.events.until(({ type, data }) => type === GRANT_SNAPSHOT_REQUESTED && data.grant === late.grant);
  expect(consent.events.seen.filter(asked)).toHaveLength(4);
});

test('a revoked agency’s grants are stopped for good, each with a receipt', async () => {
  const agency = await consent.agency();
  const pairs = await Promise.all(Array.from({ length: 4 }, () => consent.pair(agency)));
  const grants = await Promise.all(pairs.map(async (pair) => (await consent.agreed(pair)).grant));
  await consent.call(pauseGrant, { as: pairs[0]!.person, params: { grant: grants[0]! } });
  const requested = await consent.requested(pairs[1]!);
  await say(agency, AGENCY_REVOKED);
  for (const [i, pair] of pairs.entries()) {
    const grant = grants[i]!;
    await until(async () => (await stateOf(pair, grant)) === 'stopped');
    const receipt = await consent.call(readReceipt, { as: pair.person, params: { grant }, wait: 5 });
    expect(receipt.body).toMatchObject({ state: 'stopped', effect: 'effective' });
  }
  const stopped = consent.events.seen.filter(
    ({ type, data }) => type === GRANT_STOPPED && grants.includes(String(data.grant)),
  );
  expect(stopped.map(({ data, headers }) => [data.stop, headers.ce_actor])).toEqual(
    Array(4).fill(['stopped', 'service:consent']),
  );
  expect(await stateOf(pairs[1]!, requested.grant)).toBe('requested');
});

test('what vetting said before does not undo what it says now', async () => {
  const agency = await consent.agency();
  const pair = await consent.pair(agency);
  await say(agency, AGENCY_REVOKED);
  await consent.kafka.publish(TOPICS.vetting, AGENCY_RESTORED, pair.subject, { agency, agencyVersion: 1, by: BY.by });
  const other = await consent.agency();
  expect(other).not.toBe(agency);
  const { agency: _, ...terms } = PROPOSAL;
  const request = await consent.call(requestGrant, { as: pair.bank, body: { subject: pair.alias, ...terms } });
  expect(request.problem).toBe('not-accredited');
});

test('a grant whose validity is over expires, with the clock reading, a fence and a receipt', async () => {
  const pair = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  const going = await consent.agreed(pair);
  // A day passes: the state is what decisions are made on, the read model is what the sweep looks at.
  const ended = new Date(Date.now() - 1_000).toISOString();
  await consent.database.rows(
    `update consent.stream_state set state = convert_to(jsonb_set(convert_from(state, 'utf8')::jsonb,
       array['grants', $2, 'terms', 'validUntil'], to_jsonb($3::text))::text, 'utf8') where stream = $1`,
    pair.subject,
    grant,
    ended,
  );
  await consent.database.rows('update consent.grant_record set valid_until = $2 where grant_id = $1', grant, ended);
  await until(async () => (await stateOf(pair, grant)) === 'expired');
  const { body } = await consent.call(readReceipt, { as: pair.bank, params: { grant }, wait: 5 });
  expect(body).toMatchObject({ state: 'expired', effect: 'effective' });
  const [stopped] = await consent.events.until(({ data, type }) => data.grant === grant && type === GRANT_STOPPED);
  expect(stopped!.data).toMatchObject({ stop: 'expired' });
  const [recorded] = await consent.database.rows<{ recorded_at: Date }>(
    'select recorded_at from consent.stop_record where grant_id = $1',
    grant,
  );
  expect(recorded!.recorded_at.getTime()).toBeGreaterThan(Date.parse(ended));
  expect(await stateOf(pair, going.grant)).toBe('active');
});

test('of two instances one sweeps; when it ends, the other takes over', async () => {
  const second = await consent.startInstance();
  await consent.stopInstance(consent.instances[0]!);
  expect(consent.instances).toEqual([second]);
  const agency = await consent.agency();
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  await say(agency, AGENCY_REVOKED);
  await until(async () => (await stateOf(pair, grant)) === 'stopped');
});

test('what is not as contracted is parked with its reason, and holds up no other fence', async () => {
  const pair = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  await consent.kafka.publish(TOPICS.fences, GRANT_FENCE_APPLIED, pair.subject, { grant, lane: 'none' });
  const withdrawn = await consent.call(withdrawGrant, { as: pair.person, params: { grant }, wait: 5 });
  expect(withdrawn.status).toBe(200);
  const parked = await consent.database.rows('select key, reason from consent.parked');
  expect(parked).toEqual([{ key: pair.subject, reason: 'fence-not-as-contracted' }]);
});
