import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENCY_RESTORED, AGENCY_SUSPENDED } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, afterEach, expect, inject, test } from 'vitest';
import { FilingRequest } from '../testing/filing-request.js';
import { RegistryUnderTest } from '../testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const BANK = `bank-${randomUUID().slice(0, 8)}`;
const token = registry.issuer.agency(BANK);
await registry.accredit(BANK, ['occupation', 'position', 'identityDocument', 'name', 'homeAddress']);

const opened: FilingRequest[] = [];
afterEach(() => {
  for (const request of opened.splice(0)) request.destroy();
});

function put(filing: string, firstLine?: number | string, url = registry.url): FilingRequest {
  const request = new FilingRequest({ url, token, filing, ...(firstLine !== undefined && { firstLine }) });
  opened.push(request);
  return request;
}

const state = (filing: string, by = token) => registry.call('GET', `/filings/${filing}`, { token: by });
const line = (subject: string, attributes: object, rest: object = {}) =>
  `${JSON.stringify({ subject, attributes, ...rest })}\n`;

async function persons(count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const subject = randomUUID();
      const body = { attributes: { email: 'someone@example.org' } };
      await registry.call('POST', '/subjects', { token: registry.issuer.person(subject), body });
      return subject;
    }),
  );
}

async function countEvents(subjects: string[]): Promise<number> {
  const { rows } = await registry.database.admin.query<{ count: number }>(
    `select count(*)::int as count from registry.event where stream = any($1) and type like '%changed%'`,
    [subjects],
  );
  return rows[0]!.count;
}

async function occupation(subject: string): Promise<unknown> {
  const { body } = await registry.call('GET', `/subjects/${subject}`, { token: registry.issuer.person(subject) });
  return (body.attributes as Record<string, { value: unknown }>).occupation?.value;
}

test('lines are applied in order, each with its result, and the last one on a subject wins', async () => {
  const [one, two] = (await persons(2)) as [string, string];
  const filing = randomUUID();
  const request = put(filing);
  await request.send(line(one, { occupation: 'Clerk' }));
  await request.send(line(two, { occupation: 'Baker' }, { evidence: 'batch/1' }));
  await request.send(line(one, { occupation: 'Pilot' }));
  // The last line needs no line feed.
  await request.send(line(one, { occupation: 'Pilot' }).trimEnd());
  expect(await request.end().results()).toEqual([
    { line: 0, status: 'changed', version: 2 },
    { line: 1, status: 'changed', version: 2 },
    { line: 2, status: 'changed', version: 3 },
    { line: 3, status: 'unchanged', version: 3 },
  ]);
  expect(await occupation(one)).toBe('Pilot');
  expect((await state(filing)).body).toEqual({ filing, nextLine: 4, changed: 3, unchanged: 1, refused: 0 });
});

test('a line that cannot be applied is refused by itself', async () => {
  const [subject, owner] = (await persons(2)) as [string, string];
  const passport = { identityDocument: { type: 'passport', number: 'F7654321', issuedBy: 'FR' } };
  const filing = randomUUID();
  const request = put(filing);
  const lines = [
    line(subject, { occupation: 'Clerk' }),
    '{"subject":\n',
    '\n',
    line('not-a-uuid', { occupation: 'Clerk' }),
    line(randomUUID(), { occupation: 'Clerk' }),
    line(subject, { shoeSize: 44 }),
    line(subject, { occupation: 44 }),
    line(subject, { mobilePhone: '+8613800138000' }),
    line(subject, { name: 'Wei' }),
    line(owner, passport, { evidence: 'case/1' }),
    line(subject, passport, { evidence: 'case/2' }),
    `{"subject":"${subject}","attributes":{"occupation":"Clerk","__proto__":{"name":"Wei"}}}\n`,
    `${' '.repeat(300_000)}${line(subject, { occupation: 'Baker' })}`,
    line(subject, { occupation: 'Pilot' }),
  ];
  for (const text of lines) await request.send(text);
  const results = await request.end().results();
  expect(results.map(({ line: number }) => number)).toEqual(lines.map((_, i) => i));
  expect(results.map(({ status, problem }) => problem ?? status)).toEqual([
    'changed',
    'body-not-json',
    'body-not-json',
    'validation-failed',
    'unknown-subject',
    'unknown-attribute',
    'validation-failed',
    'may-not-assert',
    'may-not-assert',
    'changed',
    'already-registered',
    'body-not-json',
    'body-too-large',
    'changed',
  ]);
  expect(await occupation(subject)).toBe('Pilot');
  expect((await state(filing)).body).toMatchObject({ nextLine: 14, changed: 3, unchanged: 0, refused: 11 });
});

test('a filing without a line is empty, and has no state', async () => {
  const filing = randomUUID();
  const request = put(filing).end();
  expect(await request.status()).toBe(200);
  expect(await request.text()).toBe('');
  expect(await state(filing)).toMatchObject({ status: 404, body: { code: 'unknown-filing' } });
});

test('a filing goes on where it stands and nowhere else', async () => {
  const [subject] = (await persons(1)) as [string];
  const filing = randomUUID();
  const first = put(filing);
  await first.send(line(subject, { occupation: 'Clerk' }));
  expect(await first.end().results()).toHaveLength(1);
  for (const firstLine of [undefined, 0, 2]) {
    const repeated = put(filing, firstLine);
    await repeated.send(line(subject, { occupation: 'Baker' }));
    expect(await repeated.end().status()).toBe(409);
    expect(JSON.parse(await repeated.text())).toMatchObject({ code: 'filing-line-mismatch', nextLine: 1 });
  }
  const next = put(filing, 1);
  await next.send(line(subject, { occupation: 'Pilot' }));
  expect(await next.end().results()).toEqual([{ line: 1, status: 'changed', version: 3 }]);
  const unknown = put(randomUUID(), 7).end();
  expect(await unknown.status()).toBe(409);
});

test('a filing is its publisher’s own', async () => {
  const other = `other-${randomUUID().slice(0, 8)}`;
  await registry.accredit(other, ['occupation']);
  const [subject] = (await persons(1)) as [string];
  const filing = randomUUID();
  const mine = put(filing);
  await mine.send(line(subject, { occupation: 'Clerk' }));
  await mine.end().results();
  expect((await state(filing, registry.issuer.agency(other))).body.code).toBe('unknown-filing');
  const theirs = new FilingRequest({ url: registry.url, token: registry.issuer.agency(other), filing });
  await theirs.send(line(subject, { occupation: 'Baker' }));
  expect(await theirs.end().results()).toEqual([{ line: 0, status: 'changed', version: 3 }]);
});

test('who may not file, or does not send lines, is told before anything is read', async () => {
  const filing = randomUUID();
  const refusal = async (request: FilingRequest) => {
    const status = await request.end().status();
    return { status, code: (JSON.parse(await request.text()) as { code: string }).code };
  };
  const { url } = registry;
  const stranger = registry.issuer.agency('stranger');
  const person = registry.issuer.person(randomUUID());
  expect(await refusal(new FilingRequest({ url, token: stranger, filing }))).toEqual({
    status: 403,
    code: 'not-allowed',
  });
  expect(await refusal(new FilingRequest({ url, token: person, filing }))).toEqual({
    status: 403,
    code: 'not-allowed',
  });
  const json = new FilingRequest({ url, token, filing, contentType: 'application/json' });
  await json.send('{}');
  expect(await refusal(json)).toEqual({ status: 415, code: 'unsupported-media-type' });
  expect(await refusal(put(filing, 'three'))).toEqual({ status: 422, code: 'validation-failed' });
  expect(await refusal(put('not-a-uuid'))).toEqual({ status: 422, code: 'validation-failed' });
});

test('a publisher that is suspended in the middle of a filing files nothing more', async () => {
  const agency = `watched-${randomUUID().slice(0, 8)}`;
  await registry.accredit(agency, ['occupation']);
  const [subject] = (await persons(1)) as [string];
  const request = new FilingRequest({ url: registry.url, token: registry.issuer.agency(agency), filing: randomUUID() });
  await request.send(line(subject, { occupation: 'Clerk' }));
  expect(await request.firstResults(1)).toMatchObject([{ status: 'changed' }]);
  await registry.sanction(agency, AGENCY_SUSPENDED);
  await request.send(line(subject, { occupation: 'Baker' }));
  expect(await request.firstResults(1)).toMatchObject([{ line: 1, status: 'refused', problem: 'may-not-assert' }]);
  await registry.sanction(agency, AGENCY_RESTORED);
  await request.send(line(subject, { occupation: 'Pilot' }));
  expect(await request.end().results()).toMatchObject([{ line: 2, status: 'changed' }]);
});

test('a filing whose connection is cut again and again applies each line exactly once', async () => {
  const subjects = await persons(40);
  const lines = Array.from({ length: 6_000 }, (_, i) => line(subjects[i % 40]!, { occupation: `Job ${i}` }));
  const filing = randomUUID();
  let nextLine = 0;
  let cuts = 0;
  while (nextLine < lines.length) {
    const request = put(filing, nextLine);
    // Half a line goes out last: it must count for nothing.
    const most = nextLine + 700 + cuts * 41;
    await request.send(
      lines
        .slice(nextLine, most)
        .join('')
        .slice(0, most < lines.length ? -20 : undefined),
    );
    if (most >= lines.length) {
      await request.end().results();
    } else {
      await request.firstResults(1);
      request.destroy();
      cuts += 1;
    }
    // What was on its way when the connection was cut may still be stored: the filing says where it stands.
    let before = -1;
    while (before !== nextLine) {
      before = nextLine;
      await sleep(50);
      nextLine = ((await state(filing)).body.nextLine as number | undefined) ?? 0;
    }
  }
  expect(cuts).toBeGreaterThan(2);
  expect((await state(filing)).body).toEqual({ filing, nextLine: 6_000, changed: 6_000, unchanged: 0, refused: 0 });
  expect(await countEvents(subjects)).toBe(6_000);
  expect(await occupation(subjects[39]!)).toBe('Job 5999');
});

test('of two requests that file the same lines at once, each line is applied by one', async () => {
  const subjects = await persons(20);
  const lines = Array.from({ length: 3_000 }, (_, i) => line(subjects[i % 20]!, { occupation: `Job ${i}` }));
  const filing = randomUUID();
  const requests = [put(filing), put(filing)];
  await Promise.all(requests.map((request) => request.send(lines.join(''))));
  const texts = await Promise.all(requests.map((request) => request.end().text()));
  const statuses = await Promise.all(requests.map((request) => request.status()));
  const applied = texts.flatMap((text) => text.split('\n').filter((result) => result.includes('"changed"')));
  expect(new Set(applied).size).toBe(applied.length);
  const halted = texts.filter((text, i) => statuses[i] === 409 || text.trimEnd().endsWith('"filing-line-mismatch"}'));
  expect(halted.length).toBeGreaterThanOrEqual(1);
  // Whoever was halted, what is left goes on from where the filing stands.
  const { nextLine } = (await state(filing)).body as { nextLine: number };
  if (nextLine < lines.length) {
    const rest = put(filing, nextLine);
    await rest.send(lines.slice(nextLine).join(''));
    await rest.end().results();
  }
  expect((await state(filing)).body).toMatchObject({ nextLine: 3_000, changed: 3_000 });
  expect(await countEvents(subjects)).toBe(3_000);
});

test('two instances file different filings over the same subjects, and no change is lost', async () => {
  const second = await registry.startInstance();
  const subjects = await persons(30);
  const lines = (attribute: string) =>
    Array.from({ length: 3_000 }, (_, i) => line(subjects[i % 30]!, { [attribute]: `${attribute} ${i}` }));
  const filed = [
    { filing: randomUUID(), lines: lines('occupation'), url: registry.url },
    { filing: randomUUID(), lines: lines('position'), url: second.url },
  ];
  const results = await Promise.all(
    filed.map(async ({ filing, lines: own, url }) => {
      const request = put(filing, 0, url);
      await request.send(own.join(''));
      return request.end().results();
    }),
  );
  for (const own of results) expect(own.filter(({ status }) => status === 'changed')).toHaveLength(3_000);
  expect(await countEvents(subjects)).toBe(6_000);
  const { rows } = await registry.database.admin.query<{ version: number }>(
    'select version from registry.stream_state where stream = any($1)',
    [subjects],
  );
  expect(rows.every(({ version }) => version === 201)).toBe(true);
});

test('a client that does not read its results is not read from either', async () => {
  const [subject] = (await persons(1)) as [string];
  const filing = randomUUID();
  const request = put(filing);
  // Lines that are refused at once: nothing but the unread results holds the server up.
  const block = '{"subject":1}\n'.repeat(4_000);
  let sent = 0;
  let stoppedAt = -1;
  for (let taken = request.send(block); ; ) {
    if (await Promise.race([taken.then(() => true), sleep(1_500, false)])) {
      sent += 1;
      if (sent > 2_000) throw new Error('the server never stopped reading');
      taken = request.send(block);
      continue;
    }
    // A busy machine takes nothing for a while, too: stopped is who gets no further meanwhile.
    const nextLine = ((await state(filing)).body.nextLine as number | undefined) ?? 0;
    if (nextLine === stoppedAt) break;
    stoppedAt = nextLine;
  }
  expect(stoppedAt).toBeLessThan(sent * 4_000);
  await Promise.all([
    request.send(line(subject, { occupation: 'Clerk' })).then(() => request.end()),
    request.results(),
  ]);
  expect((await state(filing)).body).toMatchObject({ nextLine: (sent + 1) * 4_000 + 1, changed: 1 });
});

test('more filings at once than the registry takes are told when to come again', async () => {
  const [subject] = (await persons(1)) as [string];
  const open = Array.from({ length: 16 }, () => put(randomUUID()));
  for (const request of open) await request.send(line(subject, { occupation: 'Clerk' }));
  await Promise.all(open.map((request) => request.firstResults(1)));
  const refused = put(randomUUID()).end();
  expect(await refused.status()).toBe(429);
  for (const request of open.slice(1)) request.destroy();
  await open[0]!.end().results();
  for (;;) {
    const accepted = put(randomUUID()).end();
    if ((await accepted.status()) === 200) break;
    await sleep(20);
  }
});

test('while the database lets nobody in, a filing ends with the line that is to be sent again', async () => {
  const [subject] = (await persons(1)) as [string];
  const filing = randomUUID();
  const request = put(filing);
  await request.send(line(subject, { occupation: 'Clerk' }));
  await request.firstResults(1);
  const admit = await registry.database.shutOut();
  await request.send(line(subject, { occupation: 'Baker' }));
  const last = await request.firstResults(1);
  await admit();
  expect(last).toEqual([{ line: 1, status: 'refused', problem: 'cannot-record' }]);
  expect(await request.end().results()).toEqual([]);
  // A connection that was cut may be found out only by the next who asks.
  await expect.poll(async () => (await state(filing)).body).toMatchObject({ nextLine: 1 });
  const rest = put(filing, 1);
  await rest.send(line(subject, { occupation: 'Baker' }));
  expect(await rest.end().results()).toMatchObject([{ line: 1, status: 'changed' }]);
});

test('an instance that stops ends its filings at a line, and another goes on there', async () => {
  const third = await registry.startInstance();
  const [subject] = (await persons(1)) as [string];
  const filing = randomUUID();
  const request = put(filing, 0, third.url);
  await request.send(line(subject, { occupation: 'Clerk' }));
  await request.firstResults(1);
  const closed = third.close();
  await request.send(line(subject, { occupation: 'Baker' }));
  expect(await request.end().results()).toEqual([{ line: 1, status: 'refused', problem: 'not-ready' }]);
  await closed;
  const rest = put(filing, 1);
  await rest.send(line(subject, { occupation: 'Baker' }));
  expect(await rest.end().results()).toMatchObject([{ line: 1, status: 'changed' }]);
});
