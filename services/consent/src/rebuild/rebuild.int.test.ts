import { randomBytes, randomUUID } from 'node:crypto';
import { REBUILD_ENDPOINTS, type RebuildView, withdrawGrant } from '@sluice/contracts';
import { SERVICE_CONFIG } from '@sluice/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConsentUnderTest } from '../testing/consent-under-test.js';

let consent: ConsentUnderTest;
let operator: string;
beforeAll(async () => {
  consent = await ConsentUnderTest.start();
  operator = await consent.issuer.staff('operator', 'otto');
});
afterAll(() => consent.stop());

const { plan, move, read, differences } = REBUILD_ENDPOINTS.consent;

async function run(readModel: string, swap = false): Promise<RebuildView> {
  const { body } = await consent.call(plan, { as: operator, body: { readModel, rate: 0 } });
  const params = { rebuild: body.rebuild };
  await consent.call(move, { as: operator, params, body: { move: 'run', swap } });
  const seen = async () => (await consent.call(read, { as: operator, params })).body;
  await expect.poll(async () => (await seen()).state).toBe('done');
  return await seen();
}

async function foundIn({ rebuild }: RebuildView) {
  return (await consent.call(differences, { as: operator, params: { rebuild } })).body.differences;
}

const row = async (table: string, key: string, value: string) =>
  (await consent.database.rows(`select * from consent.${table} where ${key} = $1`, value))[0];

const NONE = { altered: 0, missing: 0, added: 0, mended: 0 };

test('grant_record: altered, deleted and added rows are found and mended; receipts and texts stay', async () => {
  const pair = await consent.pair();
  const [asked, active, stopped] = [
    await consent.requested(pair),
    await consent.agreed(pair, { attributes: ['email'] }),
    await consent.accepted(pair, { attributes: ['employer'] }),
  ];
  await consent.call(withdrawGrant, { as: pair.person, params: { grant: stopped.grant }, body: {}, wait: 5 });
  expect((await run('grant_record')).differences).toEqual(NONE);

  const before = await Promise.all([asked, active, stopped].map(({ grant }) => row('grant_record', 'grant_id', grant)));
  await consent.database.admin.query('delete from consent.grant_record where grant_id = $1', [asked.grant]);
  await consent.database.admin.query(`update consent.grant_record set state = 'withdrawn' where grant_id = $1`, [
    active.grant,
  ]);
  await consent.database.admin.query(`update consent.grant_record set view = view - 'terms' where grant_id = $1`, [
    stopped.grant,
  ]);
  const ghost = randomUUID();
  await consent.database.admin.query(
    `insert into consent.grant_record (grant_id, subject, agency, state, valid_until, view)
     select $1, subject, agency, state, valid_until, view from consent.grant_record where grant_id = $2`,
    [ghost, active.grant],
  );

  const compared = await run('grant_record');
  expect(compared.differences).toEqual({ altered: 2, missing: 1, added: 1, mended: 0 });
  expect(await foundIn(compared)).toEqual(
    expect.arrayContaining([
      { key: [asked.grant], kind: 'missing', columns: [], mended: false },
      { key: [active.grant], kind: 'altered', columns: ['state'], mended: false },
      { key: [stopped.grant], kind: 'altered', columns: ['view'], mended: false },
      { key: [ghost], kind: 'added', columns: [], mended: false },
    ]),
  );

  expect((await run('grant_record', true)).differences).toMatchObject({ mended: 4 });
  const after = await Promise.all([asked, active, stopped].map(({ grant }) => row('grant_record', 'grant_id', grant)));
  expect(after.slice(1)).toEqual(before.slice(1));
  expect({ ...after[0], seq: null }).toEqual({ ...before[0], seq: null });
  expect(await row('grant_record', 'grant_id', ghost)).toBeUndefined();
  expect((await run('grant_record')).differences).toEqual(NONE);
});

test('accreditation: altered, deleted and added rows are found and mended, and later events still count', async () => {
  const [altered, deleted] = [await consent.agency(), await consent.agency()];
  const ghost = `ghost-${randomBytes(4).toString('hex')}`;
  const before = [await row('accreditation', 'agency', altered), await row('accreditation', 'agency', deleted)];
  await consent.database.admin.query(`update consent.accreditation set state = 'revoked' where agency = $1`, [altered]);
  await consent.database.admin.query('delete from consent.accreditation where agency = $1', [deleted]);
  await consent.database.admin.query(
    `insert into consent.accreditation select $1, agency_version, state, scope from consent.accreditation where agency = $2`,
    [ghost, altered],
  );
  const ours = [altered, deleted, ghost];
  const found = await foundIn(await run('accreditation', true));
  expect(found.filter(({ key }) => ours.includes(key[0]!)).sort((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
    { key: [ghost], kind: 'added', columns: [], mended: true },
    { key: [altered], kind: 'altered', columns: ['state'], mended: true },
    { key: [deleted], kind: 'missing', columns: [], mended: true },
  ]);
  expect([await row('accreditation', 'agency', altered), await row('accreditation', 'agency', deleted)]).toEqual(
    before,
  );
  await consent.vetting.accredit(altered);
  await consent.untilVettingIsKnown(altered);
});

test('the inline states of persons are what their events make of them', async () => {
  const pair = await consent.pair();
  await consent.agreed(pair);
  expect((await run('stream_state')).differences).toEqual(NONE);
  await consent.database.admin.query(
    `update consent.stream_state set state = convert_to('{"grants":{}}', 'UTF8') where stream = $1`,
    [pair.subject],
  );
  const swapped = await run('stream_state', true);
  expect(await foundIn(swapped)).toEqual([{ key: [pair.subject], kind: 'altered', columns: ['state'], mended: true }]);
  expect((await run('stream_state')).differences).toEqual(NONE);
});

test('two instances share one rebuild and live traffic goes on: no difference, nothing lost, one runs it at a time', async () => {
  const second = await consent.startInstance();
  let stop = false;
  const grants: string[] = [];
  const traffic = (async () => {
    const pair = await consent.pair();
    while (!stop) {
      const at = grants.length % 2 === 0 ? second : consent.instances[0]!;
      const { grant } = await consent.agreed(pair, { attributes: ['email'] });
      await consent.call(withdrawGrant, { as: pair.person, params: { grant }, body: {}, at });
      grants.push(grant);
    }
  })();
  for (let round = 0; round < 3; round++) expect((await run('grant_record', true)).differences).toEqual(NONE);

  const { body } = await consent.call(plan, { as: operator, body: { readModel: 'grant_record', rate: 20 } });
  const params = { rebuild: body.rebuild };
  await consent.call(move, { as: operator, params, body: { move: 'run', swap: true } });
  const running = () =>
    consent.database.rows<{ runner: string }>('select runner from consent.rebuild where id = $1', body.rebuild);
  let runner = '';
  await expect
    .poll(async () => {
      runner = (await running())[0]?.runner ?? '';
      return runner;
    })
    .not.toBe('');
  // The one that runs it goes; the other one goes on from where it was.
  const runs = consent.instances.find(({ app }) =>
    runner.startsWith(`${app.get<{ instance: string }>(SERVICE_CONFIG).instance}/`),
  )!;
  stop = true;
  await traffic;
  await consent.stopInstance(runs);
  const seen = async () => (await consent.call(read, { as: operator, params })).body;
  await expect.poll(async () => (await seen()).state).toBe('done');
  expect((await seen()).differences).toEqual(NONE);
  const states = await consent.database.rows<{ state: string }>(
    'select distinct state from consent.grant_record where grant_id = any($1)',
    grants,
  );
  expect(states).toEqual([{ state: 'withdrawn' }]);
});
