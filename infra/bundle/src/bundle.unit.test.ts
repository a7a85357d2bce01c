import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SERVICES } from '@sluice/contracts';
import { expect, test } from 'vitest';

const DIST = new URL('../dist/', import.meta.url);
const PROGRAMS = readdirSync(DIST).filter((file) => file.endsWith('.js'));

const read = (file: string) => readFileSync(new URL(file, DIST), 'utf8');
const holding = (text: string) => PROGRAMS.filter((file) => read(file).includes(text));

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

test('a line of what others wrote is not named as ours', () => {
  const region = 'node_modules/pg/lib/client.js';
  const [program] = holding(`/${region}`);
  const line =
    read(program!)
      .split('\n')
      .findIndex((text) => text.includes(`/${region}`)) + 100;
  const entry = new SourceMap(JSON.parse(read(`${program}.map`))).findEntry(line, 4);
  expect(entry).not.toHaveProperty('originalSource', expect.anything());
});

test('a program is kept in memory at one byte a character', () => {
  for (const file of PROGRAMS) expect(read(file), file).not.toMatch(/[^\0-\x7f]/);
  // What the escapes stand for is what was written.
  expect(PROGRAMS.map(read).join('')).toContain('\\u59d3\\u540d');
});

test('what several services use is there once', () => {
  for (const text of ['Nest application successfully started', 'class RequestQueue ', 'PrincipalGuard = class']) {
    expect(holding(text), text).toHaveLength(1);
  }
});

test('no schema of @platformatic/kafka is compiled when it is loaded', () => {
  const text = PROGRAMS.map(read).join('\n');
  expect(text).toContain('= compileWhenUsed');
  expect(text).not.toMatch(/(const|let|var) \w+\$?\d* = ajv\$?\d*\.compile\(/);
});
