import { randomUUID } from 'node:crypto';
import { AGENCY_SUSPENDED, REBUILD_ENDPOINTS, type RebuildDifference, type RebuildView } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { SubjectKeys } from '@sluice/vault';
import { afterAll, expect, inject, test } from 'vitest';
import { STATE_EVERY } from '../store/schema.js';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const operator = registry.issuer.staff('operator');
const { plan, move } = REBUILD_ENDPOINTS.registry;
const NONE = { altered: 0, missing: 0, added: 0, mended: 0 };

async function run(readModel: string, swap = false): Promise<RebuildView & { found: RebuildDifference[] }> {
  const planned = await registry.call('POST', plan.path, { token: operator, body: { readModel, rate: 0 } });
  expect(planned.status).toBe(201);
  const path = `/rebuilds/${planned.body.rebuild}`;
  await registry.call('POST', move.path.replace(':rebuild', String(planned.body.rebuild)), {
    token: operator,
    body: { move: 'run', swap },
  });
  const seen = async () => (await registry.call('GET', path, { token: operator })).body;
  await expect.poll(async () => (await seen()).state).toBe('done');
  const found = (await registry.call('GET', `${path}/differences`, { token: operator })).body.differences;
  return { ...((await seen()) as RebuildView), found: found as RebuildDifference[] };
}

async function registered(): Promise<{ subject: string; token: string }> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  const body = { attributes: { mobilePhone: '+8613912345678' } };
  expect((await registry.call('POST', '/subjects', { token, body })).status).toBe(201);
  return { subject, token };
}

const change = ({ subject, token }: { subject: string; token: string }, email: string, version: number) =>
  registry.call('PATCH', `/subjects/${subject}/attributes`, {
    token,
    body: { attributes: { email } },
    headers: { 'if-match': `"${version}"` },
  });

const state = async (subject: string) =>
  (await registry.database.admin.query('select * from registry.stream_state where stream = $1', [subject])).rows[0];

test('profiles: sealed anew they say the same; altered, older, deleted and added ones are found and mended', async () => {
  const persons = [await registered(), await registered(), await registered(), await registered()];
  const older = await state(persons[1]!.subject);
  // So many that the state is stored again, and that some events are behind it.
  const changes = STATE_EVERY + 2;
  for (const person of persons) {
    for (let n = 1; n <= changes; n++) expect((await change(person, `lin${n}@example.com`, n)).status).toBe(200);
  }
  expect(await state(persons[1]!.subject)).toMatchObject({ version: 1 + STATE_EVERY });
  expect((await run('stream_state')).differences).toEqual(NONE);

  const [altered, outdated, deleted, untouched] = persons.map(({ subject }) => subject) as [
    string,
    string,
    string,
    string,
  ];
  const { admin } = registry.database;
  const put = 'update registry.stream_state set state = $2 where stream = $1';
  await admin.query(put, [altered, (await state(untouched)).state]);
  await admin.query('update registry.stream_state set state = $2, version = $3 where stream = $1', [
    outdated,
    older.state,
    older.version,
  ]);
  await admin.query('delete from registry.stream_state where stream = $1', [deleted]);
  const ghost = randomUUID();
  await admin.query(
    'insert into registry.stream_state select $1, version, state from registry.stream_state where stream = $2',
    [ghost, untouched],
  );

  const compared = await run('stream_state');
  expect(compared.found).toEqual(
    expect.arrayContaining([
      { key: [altered], kind: 'altered', columns: ['state'], mended: false },
      { key: [outdated], kind: 'altered', columns: ['version', 'state'], mended: false },
      { key: [deleted], kind: 'missing', columns: [], mended: false },
      { key: [ghost], kind: 'added', columns: [], mended: false },
    ]),
  );
  expect(compared.found).toHaveLength(4);
  expect((await run('stream_state', true)).differences).toMatchObject({ mended: 4 });
  expect((await run('stream_state')).differences).toEqual(NONE);
  for (const person of persons) expect((await change(person, 'new@example.com', 1 + changes)).status).toBe(200);
  const { rows } = await admin.query(
    `select state, fold from registry.rebuild_stream_state where octet_length(state) > 0`,
  );
  expect(rows.some(({ fold }) => fold?.length > 0)).toBe(true);
  for (const { state, fold } of rows) {
    const payloads = (fold ?? []).map(({ payload }: { payload: string }) => Buffer.from(payload, 'base64'));
    expect(Buffer.concat([state, ...payloads]).toString('latin1')).not.toContain('example.com');
  }
});

test('what an erased person’s state was cannot be told: it is left as it is', async () => {
  const person = await registered();
  const before = await state(person.subject);
  await registry.part(SubjectKeys).destroy(person.subject);
  expect((await run('stream_state', true)).found).toEqual([]);
  expect(await state(person.subject)).toEqual(before);
  await registry.database.admin.query('update registry.stream_state set version = 7 where stream = $1', [
    person.subject,
  ]);
  expect((await run('stream_state', true)).found).toEqual([]);
});

test('changes go on while the profiles are rebuilt: no difference, nothing lost', async () => {
  const person = await registered();
  let stop = false;
  let version = 1;
  const traffic = (async () => {
    while (!stop) {
      expect((await change(person, `lin${version}@example.com`, version)).status).toBe(200);
      version += 1;
    }
  })();
  for (let round = 0; round < 3; round++) expect((await run('stream_state', true)).differences).toEqual(NONE);
  stop = true;
  await traffic;
  expect((await change(person, 'last@example.com', version)).status).toBe(200);
});

test('publishers: altered, deleted and added rows are found and mended', async () => {
  const [altered, deleted, ghost] = ['a', 'd', 'g'].map((name) => `${name}-${randomUUID().slice(0, 8)}`) as [
    string,
    string,
    string,
  ];
  await registry.accredit(altered, ['email']);
  await registry.sanction(altered, AGENCY_SUSPENDED);
  await registry.accredit(deleted, ['email', 'occupation']);
  const { admin } = registry.database;
  const rows = async () =>
    (
      await admin.query('select * from registry.publisher where agency = any($1) order by agency', [
        [altered, deleted, ghost],
      ])
    ).rows;
  const before = await rows();
  await admin.query(`update registry.publisher set active = true, publishes = '{name}' where agency = $1`, [altered]);
  await admin.query('delete from registry.publisher where agency = $1', [deleted]);
  await admin.query(`insert into registry.publisher values ($1, 1, '{name}', now(), true)`, [ghost]);
  const ours = async (swap: boolean) =>
    (await run('publisher', swap)).found.filter(({ key }) => [altered, deleted, ghost].includes(key[0]!));
  const found = (mended: boolean) => [
    { key: [altered], kind: 'altered', columns: ['publishes', 'active'], mended },
    { key: [deleted], kind: 'missing', columns: [], mended },
    { key: [ghost], kind: 'added', columns: [], mended },
  ];
  expect(await ours(false)).toEqual(found(false));
  expect(await ours(true)).toEqual(found(true));
  expect(await rows()).toEqual(before);
  expect(await ours(false)).toEqual([]);
});

test('refused for whoever is no operator', async () => {
  const token = registry.issuer.staff('supervisor');
  expect((await registry.call('POST', plan.path, { token, body: { readModel: 'publisher', rate: 0 } })).status).toBe(
    403,
  );
});
