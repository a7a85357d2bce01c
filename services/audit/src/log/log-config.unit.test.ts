import { expect, test } from 'vitest';
import { readLogConfig } from './log-config.js';

const S3 = {
  SLUICE_LOG_S3_BUCKET_URL: 'https://s3.example/bucket',
  SLUICE_LOG_S3_REGION: 'cn-north-1',
  SLUICE_LOG_S3_ACCESS_KEY_ID: 'key',
  SLUICE_LOG_S3_SECRET_ACCESS_KEY: 'secret',
};

test('a log is in a folder or in a bucket', () => {
  expect(readLogConfig({ SLUICE_LOG_DIR: '/log' }).place).toEqual({ folder: '/log' });
  expect(readLogConfig({ ...S3, SLUICE_LOG_S3_PREFIX: 'sluice/log/' }).place).toMatchObject({
    bucketUrl: 'https://s3.example/bucket',
    prefix: 'sluice/log/',
    region: 'cn-north-1',
  });
});

test.each([
  [{}, 'SLUICE_LOG_DIR'],
  [{ ...S3, SLUICE_LOG_DIR: '/log' }, 'not in both'],
  [{ ...S3, SLUICE_LOG_S3_BUCKET_URL: 'bucket' }, 'SLUICE_LOG_S3_BUCKET_URL'],
  [{ ...S3, SLUICE_LOG_S3_PREFIX: 'log' }, 'SLUICE_LOG_S3_PREFIX'],
  [{ ...S3, SLUICE_LOG_S3_PREFIX: 'a b/' }, 'SLUICE_LOG_S3_PREFIX'],
  [{ ...S3, SLUICE_LOG_S3_SECRET_ACCESS_KEY: '' }, 'SLUICE_LOG_S3_SECRET_ACCESS_KEY'],
  [{ SLUICE_LOG_DIR: '/log', SLUICE_LOG_WITNESSES: 'nonsense' }, 'SLUICE_LOG_WITNESSES'],
  [{ SLUICE_LOG_DIR: '/log', SLUICE_LOG_WITNESSES: 'a+00000000+AAAA https://a.example' }, 'SLUICE_LOG_WITNESSES'],
  [{ SLUICE_LOG_DIR: '/log', SLUICE_LOG_WITNESSES_REQUIRED: '1' }, 'SLUICE_LOG_WITNESSES_REQUIRED'],
])('what is wrong in the environment is named, and no secret is: %o', (env, named) => {
  expect(() => readLogConfig(env)).toThrow(named);
});
