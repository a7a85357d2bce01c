import { Admin } from '@platformatic/kafka';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { createTestDatabase } from './test-database.js';

const database = await createTestDatabase(inject('pgUrl'));
afterAll(() => database.drop());

test('a test file has a database of its own', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('create table only_mine (id int)');
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  expect(rows[0]?.server_version).toMatch(/^18\./);
});

test('Kafka holds the topics of the contracts', async () => {
  const { brokers, username, password } = inject('kafka');
  const admin = new Admin({
    clientId: 'test',
    bootstrapBrokers: brokers,
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
  });
  const topics = await admin.listTopics();
  await admin.close();
  expect(topics).toEqual(expect.arrayContaining(['registry.events', 'consent.events', 'vetting.events']));
});
