import { randomUUID } from 'node:crypto';
import {
  GRANT_NARROWED,
  GRANT_PAUSED,
  GRANT_RESUMED,
  GRANT_WIDENED,
  GRANT_WIDENING_PROPOSED,
  narrowGrant,
  pauseGrant,
  readConsentReceiptKey,
  readGrant,
  readReceipt,
  resumeGrant,
  reviewGrant,
  widenGrant,
  withdrawGrant,
} from '@sluice/contracts';
import { verifyReceipt } from '@sluice/vault';
import { afterAll, expect, test } from 'vitest';
import { ConsentUnderTest } from '../testing/consent-under-test.js';
import { SHOWN } from '../testing/grants.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());
const agency = await consent.agency();
const supervisor = await consent.issuer.staff('supervisor', 'sol');

async function statementIn(receipt: string | undefined): Promise<Record<string, unknown>> {
  const { body } = await consent.call(readConsentReceiptKey);
  return verifyReceipt(receipt!, body.keys[0]!);
}

test.each([['person'], ['bank'], ['supervisor']] as const)(
  'a narrowing by the %s is fenced, and says what is left',
  async (by) => {
    const pair = await consent.pair(agency);
    const { grant } = await consent.agreed(pair, { attributes: ['mobilePhone', 'email', 'employer'] });
    const as = by === 'supervisor' ? supervisor : pair[by];
    const { status, body } = await consent.call(narrowGrant, {
      as,
      params: { grant },
      body: { remove: ['email', 'name'] },
    });
    expect([status, body.state, body.effect, body.version]).toEqual([200, 'active', 'effective', 3]);
    expect(await statementIn(body.receipt)).toMatchObject({
      state: 'active',
      attributes: ['mobilePhone', 'employer'],
      grantVersion: 3,
    });
    const [narrowed] = await consent.events.until(({ data, type }) => data.grant === grant && type === GRANT_NARROWED);
    expect(narrowed!.data).toMatchObject({ removed: ['email'], terms: { attributes: ['mobilePhone', 'employer'] } });
  },
);

test.each([
  [['name'], 'in-the-grant'],
  [['mobilePhone', 'employer'], 'leaves-an-attribute'],
])('narrowing by %o is refused', async (remove, rule) => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const { problem, errors } = await consent.call(narrowGrant, { as: pair.person, params: { grant }, body: { remove } });
  expect([problem, errors]).toEqual(['validation-failed', [{ path: 'body.remove', rule }]]);
});

test('a pause is fenced like a stop; resumed, the grant goes on, and its next stop has a receipt of its own', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const paused = await consent.call(pauseGrant, { as: pair.person, params: { grant } });
  expect([paused.status, paused.body.state]).toEqual([200, 'paused']);
  expect(await statementIn(paused.body.receipt)).toMatchObject({ state: 'paused', grantVersion: 3 });
  expect(await consent.call(pauseGrant, { as: pair.person, params: { grant } })).toMatchObject({
    problem: 'wrong-state',
  });

  // The version of the pause's answer is still the one to resume from, although the fence came since.
  const resumed = await consent.call(resumeGrant, { as: pair.person, params: { grant }, ifMatch: paused.body.version });
  expect([resumed.status, resumed.body.state]).toEqual([200, 'active']);
  const withdrawn = await consent.call(withdrawGrant, { as: pair.person, params: { grant } });
  expect(withdrawn.body.receipt).not.toBe(paused.body.receipt);
  expect((await consent.call(readReceipt, { as: pair.person, params: { grant } })).body).toEqual(withdrawn.body);
  const seen = await consent.events.until(({ data }) => data.grant === grant, 6);
  expect(seen.map(({ type }) => type)).toEqual(expect.arrayContaining([GRANT_PAUSED, GRANT_RESUMED]));
});

test('a paused grant can be narrowed', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  await consent.call(pauseGrant, { as: pair.person, params: { grant } });
  const narrowed = await consent.call(narrowGrant, {
    as: pair.bank,
    params: { grant },
    body: { remove: ['employer'] },
  });
  expect([narrowed.status, narrowed.body.state]).toEqual([200, 'paused']);
});

test('both sides widen: one proposes, the other agrees, and what the person saw is kept', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const proposed = await consent.call(widenGrant, { as: pair.bank, params: { grant }, body: { add: ['email'] } });
  expect(proposed.body).toMatchObject({ version: 3, proposed: ['email'], subject: pair.alias });
  expect(proposed.body.terms.attributes).toEqual(['mobilePhone', 'employer']);
  const again = await consent.call(widenGrant, { as: pair.bank, params: { grant }, body: { add: ['email'] } });
  expect(again.body).toEqual(proposed.body);

  const body = { add: ['email'], shown: SHOWN };
  const agreed = await consent.call(widenGrant, { as: pair.person, params: { grant }, body, ifMatch: 3 });
  expect(agreed.body).toMatchObject({ version: 4, terms: { attributes: ['mobilePhone', 'email', 'employer'] } });
  expect(agreed.body.proposed).toBeUndefined();
  const kept = await consent.database.rows('select grant_version from consent.shown_text where grant_id = $1', grant);
  expect(kept).toEqual([{ grant_version: 2 }, { grant_version: 4 }]);
  await consent.events.until(({ data, type }) => data.grant === grant && type === GRANT_WIDENED);
});

test('a widening by a sensitive attribute waits for a supervisor', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const review = { as: supervisor, params: { grant }, body: { outcome: 'approve' } };
  expect(await consent.call(reviewGrant, review)).toMatchObject({ problem: 'wrong-state' });
  await consent.call(widenGrant, { as: pair.person, params: { grant }, body: { add: ['incomeBand'], shown: SHOWN } });
  expect(await consent.call(reviewGrant, review)).toMatchObject({ problem: 'wrong-state' });
  const waiting = await consent.call(widenGrant, { as: pair.bank, params: { grant }, body: { add: ['incomeBand'] } });
  expect(waiting.body).toMatchObject({ state: 'active', proposed: ['incomeBand'] });
  expect((await consent.call(reviewGrant, review)).body.terms.attributes).toContain('incomeBand');
  const of = (wanted: string) => (event: { type: string; data: Record<string, unknown> }) =>
    event.data.grant === grant && event.type === wanted;
  await consent.events.until(of(GRANT_WIDENED));
  expect(consent.events.seen.filter(of(GRANT_WIDENING_PROPOSED))).toHaveLength(2);
});

test('a widening stays within purpose and accreditation', async () => {
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const widen = (add: string[]) => consent.call(widenGrant, { as: pair.bank, params: { grant }, body: { add } });
  expect(await widen(['ethnicGroup'])).toMatchObject({ status: 403, problem: 'outside-purpose' });
  expect(await widen(['education'])).toMatchObject({ status: 403, problem: 'not-accredited' });
  expect(await widen(['employer'])).toMatchObject({ problem: 'validation-failed' });
});

test('two callers with the same version: the second hears that it is stale', async () => {
  const pair = await consent.pair(agency);
  const { grant, version } = await consent.agreed(pair);
  const narrow = (as: string, remove: string) =>
    consent.call(narrowGrant, { as, params: { grant }, body: { remove: [remove] }, ifMatch: version });
  const answers = await Promise.all([narrow(pair.person, 'mobilePhone'), narrow(pair.bank, 'employer')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
});

test('strangers change nothing', async () => {
  const pair = await consent.pair(agency);
  const stranger = await consent.pair(await consent.agency());
  const { grant } = await consent.agreed(pair);
  for (const call of [
    consent.call(pauseGrant, { as: stranger.person, params: { grant } }),
    consent.call(resumeGrant, { as: stranger.person, params: { grant } }),
    consent.call(narrowGrant, { as: stranger.bank, params: { grant }, body: { remove: ['employer'] } }),
    consent.call(widenGrant, { as: stranger.person, params: { grant }, body: { add: ['email'] } }),
    consent.call(reviewGrant, { as: supervisor, params: { grant: randomUUID() }, body: { outcome: 'approve' } }),
  ]) {
    expect(await call).toMatchObject({ status: 404, problem: 'unknown-grant' });
  }
  expect((await consent.call(readGrant, { as: pair.person, params: { grant } })).body.version).toBe(2);
});
