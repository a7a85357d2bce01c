import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SERVICES } from '@sluice/contracts';
import { expect, test } from 'vitest';

const DIST = new URL('../dist/', import.meta.url);

test.each(SERVICES)('%s loads as a whole, and its stack traces name the sources', (service) => {
  const program = fileURLToPath(new URL(`${service}.js`, DIST));
  const { status, stderr } = spawnSync(process.execPath, ['--enable-source-maps', program], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('SLUICE_SERVICE_PORT (missing)');
  expect(stderr).toContain('libs/platform/src/config/service-config.ts:');
  expect(stderr).toContain(`services/${service}/src/main.ts:`);
});

test('what several services use is there once', () => {
  const programs = readdirSync(DIST).filter((file) => file.endsWith('.js'));
  const holding = (text: string) => programs.filter((file) => readFileSync(new URL(file, DIST), 'utf8').includes(text));
  for (const text of ['Nest application successfully started', 'class RequestQueue ', 'PrincipalGuard = class']) {
    expect(holding(text), text).toHaveLength(1);
  }
});

test('no schema of @platformatic/kafka is compiled when it is loaded', () => {
  const programs = readdirSync(DIST).filter((file) => file.endsWith('.js'));
  const text = programs.map((file) => readFileSync(new URL(file, DIST), 'utf8')).join('\n');
  expect(text.match(/compileWhenUsed\$?\d*\(/g)?.length).toBeGreaterThan(30);
});
