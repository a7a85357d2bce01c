import { randomUUID } from 'node:crypto';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, expect, inject, test } from 'vitest';
import { MILESTONE_EVERY } from '../store/milestones.js';
import { FilingRequest } from '../testing/filing-request.js';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const BANK = `bank-${randomUUID().slice(0, 8)}`;
const bank = registry.issuer.agency(BANK);
await registry.accredit(BANK, ['occupation', 'position']);
const operator = registry.issuer.staff('operator');
const { admin } = registry.database;

/** More than two milestones' worth, so that a look back asks for those that are missing. */
const CHANGES = MILESTONE_EVERY * 2 + 100;

/** Somebody with `CHANGES` filed changes, recorded a second apart. */
async function busyPerson(began: Date): Promise<{ subject: string; token: string }> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  await registry.call('POST', '/subjects', { token, body: { attributes: { email: 'someone@example.org' } } });
  const request = new FilingRequest({ url: registry.url, token: bank, filing: randomUUID() });
  for (let change = 0; change < CHANGES; change++) {
    const attributes = change % 40 === 7 ? { position: `Rank ${change}` } : { occupation: `Clerk ${change}` };
    await request.send(`${JSON.stringify({ subject, attributes })}\n`);
  }
  await request.end().results();
  await expect.poll(() => milestones(subject)).toEqual([MILESTONE_EVERY, 2 * MILESTONE_EVERY]);
  // As if it had taken longer; and then nobody had ever made milestones of it.
  await admin.query(
    `update registry.event set recorded_at = $2::timestamptz + version * interval '1 second' where stream = $1`,
    [subject, began],
  );
  await admin.query('delete from registry.milestone where subject = $1', [subject]);
  return { subject, token };
}

async function milestones(subject: string): Promise<number[]> {
  const { rows } = await admin.query<{ version: number }>(
    'select version from registry.milestone where subject = $1 order by version',
    [subject],
  );
  return rows.map(({ version }) => version);
}

async function asOf(token: string, subject: string, at: Date): Promise<unknown> {
  const { body } = await registry.call('GET', `/subjects/${subject}/as-of?at=${at.toISOString()}`, { token });
  const { instance: _, ...answer } = body;
  return answer;
}

test('a look back that starts from a milestone shows what one from the beginning shows', async () => {
  const began = new Date(Date.now() - 3_600_000);
  const { subject, token } = await busyPerson(began);
  // The clock was set back by a minute before an event, and ahead by two before another.
  const moved = (version: number, seconds: number) =>
    admin.query(
      `update registry.event set recorded_at = recorded_at + $3 * interval '1 second' where stream = $1 and version = $2`,
      [subject, version, seconds],
    );
  await moved(MILESTONE_EVERY + 20, -60);
  await moved(MILESTONE_EVERY - 10, 120);
  const versions = [0, 1, 2, 9, 200, 245, 246, 255, 256, 257, 275, 276, 277, 366, 400, 511, 512, 513, 600, 3_599];
  const looks = versions.map((version) => new Date(began.getTime() + version * 1_000));
  const seen = async () => {
    const answers = [];
    for (const at of looks) answers.push(await asOf(token, subject, at), await asOf(operator, subject, at));
    return answers;
  };
  const fromTheBeginning = await seen();
  // The first look far back had them made.
  await expect.poll(() => milestones(subject)).toEqual([MILESTONE_EVERY, 2 * MILESTONE_EVERY]);
  expect(await seen()).toEqual(fromTheBeginning);
});

test('a milestone holds codes and versions, and no value', async () => {
  const { subject } = await busyPerson(new Date(Date.now() - 3_600_000));
  await asOf(operator, subject, new Date());
  await expect.poll(() => milestones(subject)).toHaveLength(2);
  const { rows } = await admin.query('select * from registry.milestone where subject = $1 order by version', [subject]);
  expect(rows[0]).toMatchObject({
    version: MILESTONE_EVERY,
    changes: MILESTONE_EVERY,
    brought_by: { email: [1, 1], occupation: [256, 256], position: [249, 249] },
  });
  expect(JSON.stringify(rows)).not.toMatch(/Clerk|Rank|example/);
});

test('a milestone that names the wrong event gives no answer rather than a wrong one', async () => {
  const { subject, token } = await busyPerson(new Date(Date.now() - 3_600_000));
  await asOf(token, subject, new Date());
  await expect.poll(() => milestones(subject)).toHaveLength(2);
  await admin.query(
    `update registry.milestone set brought_by = '{"email": [9, 9]}' where subject = $1 and version = $2`,
    [subject, 2 * MILESTONE_EVERY],
  );
  expect(await asOf(token, subject, new Date())).toMatchObject({ code: 'internal' });
});
