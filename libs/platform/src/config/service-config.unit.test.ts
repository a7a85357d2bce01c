import { expect, test } from 'vitest';
import { InvalidConfig, readServiceConfig } from './service-config.js';

const COMPLETE = {
  SLUICE_SERVICE_PORT: '7401',
  SLUICE_DATABASE_URL: 'postgres://sluice_registry:s3cret@127.0.0.1:7410/sluice',
  SLUICE_KAFKA_BROKERS: '127.0.0.1:7411, kafka-2:7411,[::1]:7411',
  SLUICE_ISSUER: 'http://127.0.0.1:7400',
  SLUICE_JWKS_URL: 'http://127.0.0.1:7400/jwks',
  SLUICE_KEY_DIR: '/var/lib/sluice/keys',
};

test('reads what a service needs, with its defaults', () => {
  const config = readServiceConfig({
    ...COMPLETE,
    SLUICE_INSTANCE: 'a',
    SLUICE_KAFKA_USERNAME: 'registry',
    SLUICE_KAFKA_PASSWORD: 'p',
  });
  expect(config).toEqual({
    port: 7401,
    host: '127.0.0.1',
    databaseUrl: COMPLETE.SLUICE_DATABASE_URL,
    kafka: {
      brokers: ['127.0.0.1:7411', 'kafka-2:7411', '[::1]:7411'],
      clientId: 'sluice-a',
      username: 'registry',
      password: 'p',
    },
    issuer: COMPLETE.SLUICE_ISSUER,
    jwksUrl: COMPLETE.SLUICE_JWKS_URL,
    audience: 'sluice-api',
    keyDir: COMPLETE.SLUICE_KEY_DIR,
    logLevel: 'info',
    instance: 'a',
  });
  expect(readServiceConfig(COMPLETE).kafka).not.toHaveProperty('username');
  expect(readServiceConfig(COMPLETE).instance).not.toBe(readServiceConfig(COMPLETE).instance);
});

test('names every variable that is missing or wrong, and no value', () => {
  const wrong = {
    ...COMPLETE,
    SLUICE_DATABASE_URL: 'mysql://u:s3cret@h/d',
    SLUICE_KEY_DIR: undefined,
    SLUICE_SERVICE_PORT: '70000',
  };
  const reading = () => readServiceConfig(wrong);
  expect(reading).toThrow(InvalidConfig);
  expect(reading).toThrow(
    /SLUICE_SERVICE_PORT \(malformed\), SLUICE_DATABASE_URL \(malformed\), SLUICE_KEY_DIR \(missing\)/,
  );
  expect(reading).not.toThrow(/s3cret/);
});

test('a username without its password does not become an open connection', () => {
  expect(() => readServiceConfig({ ...COMPLETE, SLUICE_KAFKA_USERNAME: 'registry' })).toThrow(InvalidConfig);
  expect(() => readServiceConfig({ ...COMPLETE, SLUICE_KAFKA_PROVISIONER_PASSWORD: 'p' })).toThrow(InvalidConfig);
});
