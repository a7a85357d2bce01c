import { randomUUID } from 'node:crypto';
import {
  ACCESS_READ,
  ACCESS_REFUSED,
  endGrant,
  type GrantAsOf,
  narrowGrant,
  pauseGrant,
  readGrantsAsOf,
  resumeGrant,
  withdrawGrant,
} from '@sluice/contracts';
import { afterAll, expect, test } from 'vitest';
import { ConsentUnderTest } from '../testing/consent-under-test.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());

const supervisor = await consent.issuer.staff('supervisor');
const operator = await consent.issuer.staff('operator', 'otto');

const asOf = (as: string, subject: string, at: Date, more: Record<string, string> = {}) =>
  consent.call(readGrantsAsOf, { as, params: { subject }, query: { at: at.toISOString(), ...more } });

/** When the events of a person were recorded, as everybody sees it, by type. */
async function recorded(subject: string): Promise<Map<string, Date>> {
  const { rows } = await consent.database.admin.query<{ type: string; recorded_at: Date }>(
    'select type, recorded_at from consent.event where stream = $1 order by version',
    [subject],
  );
  return new Map(rows.map(({ type, recorded_at }) => [type.split('.')[2]!, recorded_at]));
}

const aMillisecondBefore = (at: Date) => new Date(at.getTime() - 1);

test('a grant is what it was at every instant of its life', async () => {
  const pair = await consent.pair();
  const { grant } = await consent.agreed(pair, { attributes: ['mobilePhone', 'employer'] });
  const params = { grant };
  await consent.call(pauseGrant, { as: pair.person, params });
  await consent.call(resumeGrant, { as: pair.person, params });
  await consent.call(narrowGrant, { as: pair.bank, params, body: { remove: ['employer'] } });
  await consent.call(withdrawGrant, { as: pair.person, params });
  const times = await recorded(pair.subject);
  const at = async (time: Date): Promise<Partial<GrantAsOf> | undefined> => {
    const { body } = await asOf(supervisor, pair.subject, time);
    expect(body.grants.length).toBeLessThanOrEqual(1);
    return body.grants[0];
  };
  const life: [string, object | undefined, object][] = [
    ['grant-requested', undefined, { state: 'requested', version: 1 }],
    ['grant-activated', { state: 'requested' }, { state: 'active', version: 2 }],
    ['grant-paused', { state: 'active' }, { state: 'paused', version: 3, fenced: false }],
    ['grant-resumed', { state: 'paused' }, { state: 'active' }],
    [
      'grant-narrowed',
      { terms: { attributes: ['mobilePhone', 'employer'] } },
      { terms: { attributes: ['mobilePhone'] } },
    ],
    ['grant-stopped', { state: 'active' }, { state: 'withdrawn' }],
  ];
  for (const [event, before, after] of life) {
    const time = times.get(event)!;
    const [shownBefore, shownAfter] = [await at(aMillisecondBefore(time)), await at(time)];
    // Two events of one millisecond cannot be told apart by a time of that precision.
    const alone = [...times.values()].filter((other) => other.getTime() === time.getTime()).length === 1;
    if (before === undefined) expect(shownBefore, event).toBeUndefined();
    else if (alone) expect(shownBefore, event).toMatchObject(before);
    expect(shownAfter, event).toMatchObject({ ...after, since: time.toISOString() });
  }
});

test('a grant that is over and settled is still there for who looks back', async () => {
  const pair = await consent.pair();
  const { grant } = await consent.agreed(pair);
  await consent.call(endGrant, { as: pair.bank, params: { grant } });
  const settled = async () => (await recorded(pair.subject)).get('grant-fenced');
  await expect.poll(settled).toBeDefined();
  const stopped = (await recorded(pair.subject)).get('grant-stopped')!;
  const { body } = await asOf(pair.person, pair.subject, (await settled())!);
  expect(body.grants).toMatchObject([{ grant, state: 'ended', fenced: true, since: stopped.toISOString() }]);
});

test('an agency looks back at its own grants only, under its own alias', async () => {
  const [agency, other] = [await consent.agency(), await consent.agency()];
  const pair = await consent.pair(agency);
  const { grant } = await consent.agreed(pair);
  const rival = await consent.issuer.agency(other);
  const own = await asOf(pair.bank, pair.alias, new Date());
  expect(own.body).toMatchObject({ subject: pair.alias, grants: [{ grant }] });
  expect(JSON.stringify(own.body)).not.toContain(pair.subject);
  expect((await asOf(rival, pair.alias, new Date())).body.grants).toEqual([]);
  expect((await asOf(pair.bank, pair.subject, new Date())).body.grants).toEqual([]);
  const foreign = await asOf(pair.bank, pair.alias, new Date(), { agency: other });
  expect(foreign).toMatchObject({ status: 403, problem: 'not-allowed' });
  expect((await asOf(pair.bank, pair.alias, new Date(), { agency })).body.grants).toHaveLength(1);
});

test('a person looks back at nobody else, and whoever was tried after learns of it', async () => {
  const [pair, stranger] = [await consent.pair(), await consent.pair()];
  await consent.agreed(pair);
  expect(await asOf(stranger.person, pair.subject, new Date())).toMatchObject({ problem: 'unknown-subject' });
  const record = await accessTo(pair.subject, ACCESS_REFUSED);
  expect(record).toMatchObject({
    subject: pair.subject,
    by: `person:${stranger.subject}`,
    endpoint: 'readGrantsAsOf',
    problem: 'unknown-subject',
  });
});

test('every look back is on record with the time it was about', async () => {
  const pair = await consent.pair();
  await consent.agreed(pair);
  const at = new Date();
  await asOf(operator, pair.subject, at, { agency: pair.agency });
  expect(await accessTo(pair.subject, ACCESS_READ)).toEqual({
    subject: pair.subject,
    by: 'staff:otto',
    what: `grants as of ${at.toISOString()}`,
  });
});

test('nobody is asked about who has no grants, and the future has no record', async () => {
  expect((await asOf(operator, randomUUID(), new Date())).body.grants).toEqual([]);
  const ahead = await asOf(operator, randomUUID(), new Date(Date.now() + 60_000));
  expect([ahead.problem, ahead.errors]).toEqual([
    'validation-failed',
    [{ path: 'query.at', rule: 'not-in-the-future' }],
  ]);
  for (const at of ['yesterday', '2026-02-30T00:00:00Z', '2026-01-01']) {
    const answer = await consent.call(readGrantsAsOf, {
      as: operator,
      params: { subject: randomUUID() },
      query: { at },
    });
    expect(answer.problem, at).toBe('validation-failed');
  }
});

async function accessTo(subject: string, type: string): Promise<unknown> {
  const found = () =>
    consent.accesses.seen.find((event) => event.type === type && JSON.stringify(event.data).includes(subject));
  await expect.poll(found).toBeDefined();
  return found()!.data;
}
