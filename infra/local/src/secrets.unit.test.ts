import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secrets } from './secrets.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a secret is made once and read by its owner only', () => {
  const first = new Secrets(join(directory, 'secrets')).get('kafka-admin');
  const again = new Secrets(join(directory, 'secrets')).get('kafka-admin');
  expect(again).toBe(first);
  expect(first).toHaveLength(32);
  expect(statSync(join(directory, 'secrets', 'kafka-admin')).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'secrets')).mode & 0o777).toBe(0o700);
});

test('making a secret leaves nothing beside it', () => {
  new Secrets(directory).get('a');
  expect(readdirSync(directory)).toEqual(['a']);
});
