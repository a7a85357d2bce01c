import { randomUUID } from 'node:crypto';
import {
  acceptGrant,
  consentEndpoints,
  GRANT_ACTIVATED,
  GRANT_OFFERED,
  GRANT_REQUESTED,
  giveGrant,
  laneOf,
  offerGrant,
  readAlias,
  readGrant,
  refuseGrant,
  requestGrant,
  reviewGrant,
} from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { afterAll, expect, test } from 'vitest';
import type { GrantEvent } from '../domain/grant.js';
import { evolvePerson, NO_GRANTS } from '../domain/person-grants.js';
import { ConsentUnderTest } from '../testing/consent-under-test.js';
import { PROPOSAL, SCOPE, SHOWN } from '../testing/grants.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());
const agency = await consent.agency();
const supervisor = await consent.issuer.staff('supervisor', 'sol');

const { agency: _, ...TERMS } = PROPOSAL;

test('a request that is given is active; each side sees the person under the name it knows', async () => {
  const pair = await consent.pair(agency);
  const asked = await consent.call(requestGrant, { as: pair.bank, body: { subject: pair.alias, ...TERMS } });
  const { grant } = asked.body;
  expect([asked.status, asked.headers.get('etag'), asked.headers.get('location')]).toEqual([
    201,
    '"1"',
    `/grants/${grant}`,
  ]);
  expect(asked.body).toMatchObject({
    version: 1,
    state: 'requested',
    subject: pair.alias,
    terms: { agency, ...terms() },
  });

  const given = await consent.call(giveGrant, { as: pair.person, params: { grant }, body: { shown: SHOWN } });
  expect([given.status, given.headers.get('etag')]).toEqual([200, '"2"']);
  expect(given.body).toMatchObject({ grant, version: 2, state: 'active', subject: pair.subject });

  expect((await consent.call(readGrant, { as: pair.bank, params: { grant } })).body).toEqual({
    ...given.body,
    subject: pair.alias,
  });
  expect((await consent.call(readGrant, { as: pair.person, params: { grant } })).body).toEqual(given.body);
});

test('an offer that is accepted is active', async () => {
  const pair = await consent.pair(agency);
  const { grant, state } = await consent.offered(pair);
  expect(state).toBe('offered');
  const accepted = await consent.call(acceptGrant, { as: pair.bank, params: { grant } });
  expect(accepted.body).toMatchObject({ grant, version: 2, state: 'active', subject: pair.alias });
});

test('the events of a person follow each other on the person’s partition, keyed by the person', async () => {
  const pair = await consent.pair(agency);
  const first = await consent.agreed(pair);
  const second = await consent.offered(pair);
  const seen = await consent.events.until(({ key }) => key === pair.subject, 3);
  expect(seen.map(({ type }) => type)).toEqual([GRANT_REQUESTED, GRANT_ACTIVATED, GRANT_OFFERED]);
  expect(seen.map(({ partition }) => partition)).toEqual(Array(3).fill(laneOf(pair.subject)));
  expect(seen.map(({ headers }) => headers.ce_sequence)).toEqual(['1', '2', '3']);
  expect(seen.map(({ headers }) => headers.ce_actor)).toEqual([
    `agency:${agency}`,
    `person:${pair.subject}`,
    `person:${pair.subject}`,
  ]);
  expect(seen.map(({ data }) => [data.grant, data.grantVersion, data.subject])).toEqual([
    [first.grant, 1, pair.subject],
    [first.grant, 2, pair.subject],
    [second.grant, 1, pair.subject],
  ]);
});

test('what a person was shown is kept', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const kept = await consent.database.rows(
    'select grant_version, shown from consent.shown_text where grant_id = $1',
    grant,
  );
  expect(kept).toEqual([{ grant_version: 2, shown: SHOWN }]);
});

test('a sensitive attribute needs a supervisor too, and that act is recorded', async () => {
  const pair = await consent.pair(agency);
  const { grant, state } = await consent.agreed(pair, { attributes: ['incomeBand'] });
  expect(state).toBe('in-review');
  const review = { as: supervisor, params: { grant }, body: { outcome: 'approve' }, key: randomUUID() };
  const approved = await consent.call(reviewGrant, review);
  expect(approved.body).toMatchObject({ version: 3, state: 'active', subject: pair.subject });
  expect((await consent.call(reviewGrant, review)).body).toEqual(approved.body);
  const records = await consent.accesses.until(({ data }) => data.target === `grant:${grant}`);
  expect(records.map(({ data }) => data)).toEqual([{ by: 'staff:sol', act: 'reviewGrant', target: `grant:${grant}` }]);

  const other = await consent.agreed(pair, { attributes: ['incomeBand'] });
  const refused = { as: supervisor, params: { grant: other.grant }, body: { outcome: 'refuse' } };
  expect((await consent.call(reviewGrant, refused)).body.state).toBe('refused');
});

test('either side says no', async () => {
  const pair = await consent.pair(agency);
  for (const as of [pair.person, pair.bank]) {
    const { grant } = await consent.requested(pair);
    expect((await consent.call(refuseGrant, { as, params: { grant } })).body).toMatchObject({
      state: 'refused',
      version: 2,
    });
    const late = await consent.call(giveGrant, { as: pair.person, params: { grant }, body: { shown: SHOWN } });
    expect([late.status, late.problem]).toEqual([409, 'wrong-state']);
  }
});

test('the same request again gives the same answer and happens once; another under its key is refused', async () => {
  const pair = await consent.pair(agency);
  const call = { as: pair.bank, body: { subject: pair.alias, ...TERMS }, key: randomUUID() };
  const [first, ...again] = await Promise.all([1, 2, 3].map(() => consent.call(requestGrant, call)));
  for (const { status, body } of again) expect([status, body]).toEqual([201, first!.body]);
  const mismatch = await consent.call(requestGrant, { ...call, body: { ...call.body, validityDays: 3 } });
  expect([mismatch.status, mismatch.problem]).toEqual([422, 'idempotency-mismatch']);
  const rows = await consent.database.rows('select from consent.grant_record where subject = $1', pair.subject);
  expect(rows).toHaveLength(1);
});

test('two answers at once: one is given, the other finds another state', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.requested(pair);
  const answers = await Promise.all([
    consent.call(giveGrant, { as: pair.person, params: { grant }, body: { shown: SHOWN } }),
    consent.call(refuseGrant, { as: pair.bank, params: { grant } }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test('another person’s or agency’s grant does not exist', async () => {
  const pair = await consent.pair(agency);
  const stranger = await consent.pair(await consent.agency());
  const { grant } = await consent.requested(pair);
  const offered = await consent.offered(pair);
  const foreign = [
    consent.call(giveGrant, { as: stranger.person, params: { grant }, body: { shown: SHOWN } }),
    consent.call(acceptGrant, { as: stranger.bank, params: { grant: offered.grant } }),
    consent.call(refuseGrant, { as: stranger.bank, params: { grant } }),
    consent.call(readGrant, { as: stranger.person, params: { grant } }),
    consent.call(readGrant, { as: stranger.bank, params: { grant } }),
    consent.call(giveGrant, { as: pair.person, params: { grant: randomUUID() }, body: { shown: SHOWN } }),
  ];
  for (const { status, problem } of await Promise.all(foreign))
    expect([status, problem]).toEqual([404, 'unknown-grant']);
});

test('an alias is worth nothing to another agency, and names nobody by guessing', async () => {
  const pair = await consent.pair(agency);
  const other = await consent.pair(await consent.agency());
  const alias = async (as: string) => (await consent.call(readAlias, { as, params: { agency } })).body.alias;
  expect(await alias(pair.person)).toBe(pair.alias);
  const guessed = await consent.call(requestGrant, {
    as: other.bank,
    body: { subject: notAnAliasOf(other.agency), ...TERMS },
  });
  expect([guessed.problem, guessed.errors]).toEqual([
    'validation-failed',
    [{ path: 'body.subject', rule: 'alias-of-a-person' }],
  ]);
  const unknown = await consent.call(readAlias, { as: pair.person, params: { agency: 'no-such-bank' } });
  expect([unknown.status, unknown.problem]).toEqual([404, 'unknown-agency']);
});

test('what is not accredited or not for the purpose is refused, and the refusal recorded', async () => {
  const pair = await consent.pair(agency);
  const request = (change: object, as = pair.bank) =>
    consent.call(requestGrant, { as, body: { subject: pair.alias, ...TERMS, ...change } });
  expect(await request({ attributes: ['education'] })).toMatchObject({ status: 403, problem: 'not-accredited' });
  expect(await request({ attributes: ['ethnicGroup'] })).toMatchObject({ status: 403, problem: 'outside-purpose' });
  expect(await request({ validityDays: 4000 })).toMatchObject({ errors: [{ path: 'body.validityDays' }] });
  const alias = consent.aliases.toPairwise('nobody-yet', randomUUID());
  expect(await request({ subject: alias }, await consent.issuer.agency('nobody-yet'))).toMatchObject({
    problem: 'not-accredited',
  });

  const offer = (change: object) =>
    consent.call(offerGrant, { as: pair.person, body: { ...PROPOSAL, agency, shown: SHOWN, ...change } });
  expect(await offer({ agency: 'nobody-yet' })).toMatchObject({ status: 404, problem: 'unknown-agency' });
  expect(await offer({ attributes: ['education'] })).toMatchObject({ status: 403, problem: 'not-accredited' });
  expect(await offer({ dataLifeDays: 4000 })).toMatchObject({ status: 403, problem: 'outside-purpose' });

  const records = await consent.accesses.until(({ data }) => data.by === `person:${pair.subject}`, 2);
  expect(records.map(({ data }) => data)).toContainEqual({
    by: `person:${pair.subject}`,
    endpoint: 'offerGrant',
    problem: 'not-accredited',
  });
});

test('an accreditation that has ended keeps an offer from being accepted', async () => {
  const brief = await consent.agency();
  const pair = await consent.pair(brief);
  const { grant } = await consent.offered(pair);
  await consent.vetting.accredit(brief, { ...SCOPE, until: new Date(Date.now() - 1_000).toISOString() });
  await consent.untilVettingIsKnown(brief);
  expect(await consent.call(acceptGrant, { as: pair.bank, params: { grant } })).toMatchObject({
    problem: 'not-accredited',
  });
});

test('If-Match is honoured where it is sent', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.requested(pair);
  const give = (ifMatch: number) =>
    consent.call(giveGrant, { as: pair.person, params: { grant }, body: { shown: SHOWN }, ifMatch });
  expect(await give(2)).toMatchObject({ status: 412, problem: 'stale-version' });
  expect(await give(1)).toMatchObject({ status: 200 });
});

test('every endpoint of the contract is there and asks for a token, except for the public keys', async () => {
  for (const endpoint of consentEndpoints) {
    const params = { grant: randomUUID(), agency };
    const { problem } = await consent.call(endpoint, { params });
    expect([endpoint.id, problem]).toEqual([endpoint.id, endpoint.who.length === 0 ? '' : 'token-missing']);
  }
});

test('a person’s state is what their events say, and no person’s name stands in a log line', async () => {
  const pair = await consent.pair(agency);
  await consent.agreed(pair);
  await consent.offered(pair);
  const store = consent.instances[0]!.app.get(EventStore, { strict: false });
  const events = (await store.readStream(pair.subject)).map(
    ({ type, payload }) => ({ type, data: JSON.parse(payload.toString()) }) as GrantEvent,
  );
  const { state } = await store.load(pair.subject);
  expect(JSON.parse(state!.toString())).toEqual(events.reduce(evolvePerson, NO_GRANTS));
  expect(consent.logs.join('\n')).not.toContain(pair.subject);
});

function terms() {
  return { purpose: TERMS.purpose, attributes: ['mobilePhone', 'employer'], mode: 'stream', basis: 'consent' };
}

/** A uuid that no subject id can have become for this agency. */
function notAnAliasOf(of: string): string {
  for (;;) {
    const alias = randomUUID();
    if (!/^.{14}[1-8].{4}[89ab]/.test(consent.aliases.toSubject(of, alias))) return alias;
  }
}
