import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Infrastructure } from '../infrastructure.js';
import { consumeOne, produceOne } from '../testing/kafka-probe.js';
import { startTestInfrastructure } from '../testing/test-infrastructure.js';
import { type KafkaUser, kafkaPassword } from './users.js';

let infrastructure: Infrastructure;
let internal: string[];
let agency: string[];

beforeAll(async () => {
  infrastructure = await startTestInfrastructure();
  ({ internal, agency } = infrastructure.kafka!);
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: internal, sasl: as('provisioner') });
  await admin.createTopics({ topics: [{ topic: 'feed.harbour-bank', partitions: 1 }] });
  await admin.close();
});
afterAll(() => infrastructure?.stop());

describe('a service', () => {
  test('writes its own topic and reads what it consumes, in its own groups', async () => {
    await produceOne(internal, as('consent'), 'consent.events', 'granted');
    expect(await consumeOne(internal, as('registry'), 'consent.events', 'registry.test')).toBe('granted');
    await produceOne(internal, as('consent'), 'access.events', 'read');
    expect(await consumeOne(internal, as('audit'), 'access.events', 'audit.test')).toBe('read');
  });

  test('is refused the topic of another one', async () => {
    await expect(produceOne(internal, as('registry'), 'consent.events', 'forged')).rejects.toThrow();
    await expect(consumeOne(internal, as('consent'), 'registry.events', 'consent.test')).rejects.toThrow();
  });

  test('is refused the group of another one', async () => {
    await expect(consumeOne(internal, as('registry'), 'consent.events', 'delivery.stolen')).rejects.toThrow();
  });

  test('is refused with a wrong password', async () => {
    const sasl = { ...as('registry'), password: 'guessed' };
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: internal, sasl, retries: 0 });
    await expect(admin.listTopics()).rejects.toThrow();
    await admin.close();
  });
});

describe('feeds', () => {
  test('are written by delivery and read by audit', async () => {
    await produceOne(internal, as('delivery'), 'feed.harbour-bank', 'block');
    expect(await consumeOne(internal, as('audit'), 'feed.harbour-bank', 'audit.feeds')).toBe('block');
  });

  test('are made by the provisioner, who cannot write or read them nor make other topics', async () => {
    await expect(produceOne(internal, as('provisioner'), 'feed.harbour-bank', 'forged')).rejects.toThrow();
    await expect(consumeOne(internal, as('provisioner'), 'feed.harbour-bank', 'provisioner.x')).rejects.toThrow();
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: internal, sasl: as('provisioner'), retries: 0 });
    await expect(admin.createTopics({ topics: [{ topic: 'other', partitions: 1 }] })).rejects.toThrow();
    await admin.close();
  });

  test('are closed to an agency without a right of its own', async () => {
    const token = await infrastructure.issuer.tokenFor('harbour-bank', { audience: 'kafka' });
    await expect(consumeOne(agency, bearer(token), 'feed.harbour-bank', 'harbour-bank.x')).rejects.toThrow();
  });
});

describe('an agency', () => {
  test('enters with a token of the issuer', async () => {
    const token = await infrastructure.issuer.tokenFor('harbour-bank', { audience: 'kafka' });
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: agency, sasl: bearer(token), retries: 0 });
    expect(await admin.listTopics()).toEqual([]);
    await admin.close();
  });

  test.each([
    ['for another audience', { audience: 'sluice-api' }],
    ['that has expired', { audience: 'kafka', expiresIn: -600 }],
  ])('is refused with a token %s', async (_, options) => {
    const token = await infrastructure.issuer.tokenFor('harbour-bank', options);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: agency, sasl: bearer(token), retries: 0 });
    await expect(admin.listTopics()).rejects.toThrow();
    await admin.close();
  });
});

function as(username: KafkaUser) {
  return {
    mechanism: 'SCRAM-SHA-512',
    username,
    password: kafkaPassword(infrastructure.data.secrets, username),
  } as const;
}

function bearer(token: string) {
  return { mechanism: 'OAUTHBEARER', token } as const;
}
