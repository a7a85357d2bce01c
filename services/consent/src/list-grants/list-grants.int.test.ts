import { listGrants, withdrawGrant } from '@sluice/contracts';
import { afterAll, expect, test } from 'vitest';
import { ConsentUnderTest } from '../testing/consent-under-test.js';

const consent = await ConsentUnderTest.start();
afterAll(() => consent.stop());
const agency = await consent.agency();
const pair = await consent.pair(agency);
const grants: string[] = [];
for (let i = 0; i < 7; i++) grants.unshift((await consent.agreed(pair)).grant);
const stranger = await consent.pair(agency);
const strange = await consent.agreed(stranger);

async function pages(as: string, query: Record<string, string>): Promise<string[][]> {
  const found: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const { body } = await consent.call(listGrants, {
      as,
      query: { ...query, ...(cursor !== undefined && { cursor }) },
    });
    found.push(body.grants.map(({ grant }) => grant));
    cursor = body.next;
    if (cursor === undefined) return found;
  }
}

test('newest first, page by page, each grant once', async () => {
  const found = await pages(pair.person, { limit: '3' });
  expect(found.map(({ length }) => length)).toEqual([3, 3, 1]);
  expect(found.flat()).toEqual(grants);
  expect(await pages(pair.person, { limit: '7' })).toEqual([grants]);
});

test('a grant that begins between two pages does not move the next one', async () => {
  const other = await consent.pair(agency);
  const older: string[] = [];
  for (let i = 0; i < 4; i++) older.unshift((await consent.offered(other)).grant);
  const first = await consent.call(listGrants, { as: other.person, query: { limit: '2' } });
  const newer = await consent.offered(other);
  const second = await consent.call(listGrants, { as: other.person, query: { limit: '2', cursor: first.body.next! } });
  expect([...first.body.grants, ...second.body.grants].map(({ grant }) => grant)).toEqual(older);
  const { body } = await consent.call(listGrants, { as: other.person, query: { limit: '1' } });
  expect(body.grants[0]!.grant).toBe(newer.grant);
});

test('an agency lists its own grants, each person under their alias', async () => {
  const { body } = await consent.call(listGrants, { as: pair.bank, query: { limit: '200', state: 'active' } });
  expect(body.grants.map(({ grant }) => grant)).toEqual([strange.grant, ...grants]);
  expect(new Set(body.grants.map(({ subject }) => subject))).toEqual(new Set([stranger.alias, pair.alias]));
  const other = await consent.issuer.agency(await consent.agency());
  expect((await consent.call(listGrants, { as: other })).body).toEqual({ grants: [] });
});

test('by state', async () => {
  await consent.call(withdrawGrant, { as: pair.person, params: { grant: grants[2]! } });
  const withdrawn = await consent.call(listGrants, { as: pair.person, query: { state: 'withdrawn' } });
  expect(withdrawn.body.grants.map(({ grant, receipt }) => [grant, receipt !== undefined])).toEqual([
    [grants[2], true],
  ]);
  const active = await pages(pair.person, { state: 'active', limit: '2' });
  expect(active.flat()).toEqual(grants.filter((_, i) => i !== 2));
});

test('a cursor of somebody else’s list shows nothing of it, and one that is none is refused', async () => {
  const foreign = await consent.call(listGrants, { as: stranger.person, query: { cursor: grants[0]! } });
  expect(foreign.body.grants.every(({ subject }) => subject === stranger.subject)).toBe(true);
  const none = await consent.call(listGrants, { as: pair.person, query: { cursor: '7' } });
  expect([none.problem, none.errors]).toEqual([
    'validation-failed',
    [{ path: 'query.cursor', rule: 'cursor-of-a-list' }],
  ]);
});

test('lists and sweeps are read through indexes', async () => {
  const plans = {
    person: `select from consent.grant_record g where g.subject = '${pair.subject}' order by g.seq desc limit 51`,
    agency: "select from consent.grant_record g where g.agency = 'a' order by g.seq desc limit 51",
    expired: "select from consent.grant_record where valid_until <= now() and state in ('active', 'paused') limit 200",
    active:
      "select from consent.grant_record where agency = 'a' and state = 'active' and seq > 5 order by seq limit 200",
  };
  const client = await consent.database.admin.connect();
  try {
    await client.query('begin; set local enable_seqscan = off; set local enable_bitmapscan = off');
    for (const [what, text] of Object.entries(plans)) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${text}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect([what, plan]).toEqual([what, expect.not.stringMatching(/Seq Scan on|Sort/)]);
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
});
