import { randomUUID } from 'node:crypto';
import { GRANT_ACTIVATED, TOPICS } from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { afterAll, expect, inject, test } from 'vitest';
import { FilingRequest } from './testing/filing-request.js';
import { RegistryUnderTest } from './testing/registry-under-test.js';

const database = await createTestDatabase(inject('pgUrl'));
const registry = await RegistryUnderTest.start({ databaseUrl: database.url, kafka: inject('kafka') });
afterAll(async () => {
  await registry.stop();
  await database.drop();
});

const BANK = `bank-${randomUUID().slice(0, 8)}`;

/** Every value there is in this test, each in a form that nothing else has. */
const values = {
  name: 'Zhuge Qiongyao',
  phone: '+8617712349876',
  otherPhone: '+8617798765432',
  occupation: 'Glassharmonica-Tuner',
  filedOccupation: 'Lighthouse-Painter',
  refusedOccupation: 'Moon-Surveyor-'.repeat(20),
  street: 'Quetzalcoatl Lane 4711',
  passport: 'QX7766554',
  unknownName: 'xylophoneSize',
  unknownValue: 'forty-four-and-a-half',
};

async function everythingThatIsDone(): Promise<void> {
  const subject = randomUUID();
  const token = registry.issuer.person(subject);
  const bank = registry.issuer.agency(BANK);
  await registry.accredit(BANK, ['name', 'identityDocument', 'mobilePhone', 'occupation']);
  const call = registry.call.bind(registry);
  const register = (attributes: object, by = token) =>
    call('POST', '/subjects', { token: by, body: { attributes, evidence: 'case/1' } });
  const change = (attributes: object, version: number) =>
    call('PATCH', `/subjects/${subject}/attributes`, {
      token,
      body: { attributes },
      headers: { 'if-match': `"${version}"` },
    });

  const homeAddress = { division: '310115', text: values.street };
  const document = { type: 'passport', number: values.passport, issuedBy: 'FR' };
  expect((await register({ mobilePhone: values.phone, homeAddress })).status).toBe(201);
  expect((await register({ mobilePhone: values.phone })).status).toBe(409);
  expect((await register({ name: values.name, identityDocument: document }, bank)).status).toBe(201);
  expect((await register({ name: values.name, identityDocument: document }, bank)).status).toBe(409);
  expect((await change({ occupation: values.occupation }, 1)).status).toBe(200);
  expect((await change({ occupation: values.refusedOccupation }, 2)).status).toBe(422);
  expect((await change({ [values.unknownName]: values.unknownValue }, 2)).status).toBe(422);
  expect((await change({ name: values.name }, 2)).status).toBe(403);
  expect((await call('POST', '/subjects', { token, body: `{"attributes":"${values.name}` })).status).toBe(400);
  expect((await call('GET', `/subjects/${subject}`, { token })).status).toBe(200);
  expect((await call('GET', `/subjects/${subject}?name=${values.unknownValue}`, { token })).status).toBe(422);

  const filing = new FilingRequest({ url: registry.url, token: bank, filing: randomUUID() });
  await filing.send(`${JSON.stringify({ subject, attributes: { occupation: values.filedOccupation } })}\n`);
  await filing.send(`${JSON.stringify({ subject, attributes: { occupation: values.refusedOccupation } })}\n`);
  await filing.send(`{"subject":"${subject}","attributes":{"mobilePhone":"${values.otherPhone}"}\n`);
  await filing.send(`${JSON.stringify({ subject, attributes: { mobilePhone: values.otherPhone } })}\n`);
  const results = await filing.end().results();
  expect(results.map(({ status }) => status)).toEqual(['changed', 'refused', 'refused', 'changed']);

  await registry.others.publish(TOPICS.consent, GRANT_ACTIVATED, subject, {
    grant: randomUUID(),
    subject,
    grantVersion: 2,
    terms: {
      agency: BANK,
      purpose: 'account-servicing',
      attributes: ['mobilePhone', 'homeAddress'],
      mode: 'stream',
      validFrom: '2026-01-01T00:00:00Z',
      validUntil: '2027-01-01T00:00:00Z',
      dataLifeDays: 30,
      basis: 'consent',
    },
  });
  await registry.events.until((events) => events.some(({ stream, version }) => stream === subject && version === 5));
  await registry.accesses.until((events) => events.some(({ payload }) => payload.includes(subject)));
}

test('no value stands in clear in a table, a topic, a log line or a metric', async () => {
  await everythingThatIsDone();
  const records = [...(await registry.events.until(() => true)), ...(await registry.accesses.until(() => true))].map(
    ({ headers, payload }) => `${JSON.stringify(headers)} ${payload.toString('latin1')} ${payload.toString()}`,
  );
  const places = {
    tables: await registry.database.dump(),
    topics: records.join('\n'),
    logs: registry.logs.join('\n'),
    metrics: (await registry.call('GET', '/metrics')).text,
  };
  expect(places.tables).toContain(BANK);
  expect(records.length).toBeGreaterThan(5);
  for (const [place, text] of Object.entries(places)) {
    for (const value of Object.values(values)) {
      const forms = [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64').slice(0, -4)];
      for (const form of forms) expect(text.includes(form), `${form} in ${place}`).toBe(false);
    }
  }
});
