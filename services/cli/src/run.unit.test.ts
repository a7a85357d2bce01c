import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answering, AnsweringServer, problem } from './testing/answering-server.js';
import { runSluice } from './testing/run-sluice.js';

const SUBJECT = '0190a000-0000-7000-8000-000000000101';

let server: AnsweringServer | undefined;
afterEach(() => {
  server?.stop();
  server = undefined;
});

async function answering(answer: Answering): Promise<NodeJS.ProcessEnv> {
  server = await AnsweringServer.start(answer);
  return { SLUICE_AUDIT_URL: server.url, SLUICE_TOKEN: 'a-token' };
}

/** Commander reads the variables of its options from the process. */
async function history(env: NodeJS.ProcessEnv, ...args: string[]) {
  const url = env.SLUICE_AUDIT_URL as string;
  return runSluice(['history', SUBJECT, '--audit-url', url, '--token', 'a-token', ...args], env);
}

describe('the command line', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['forecast']],
    ['an unknown option', ['lag', '--fast']],
    ['a missing argument', ['history']],
    ['an unknown form of output', ['lag', '-o', 'xml']],
    ['an id that is none', ['history', 'Lin Xiao', '--audit-url', 'http://127.0.0.1:1']],
    ['an address that is none', ['lag', '--audit-url', 'audit.example']],
    ['no persons', ['parked', 'retry', '--delivery-url', 'http://127.0.0.1:1', '--token', 't']],
    [
      'all persons and one',
      ['parked', 'retry', SUBJECT, '--all', '--delivery-url', 'http://127.0.0.1:1', '--token', 't'],
    ],
    [
      'a reason that is too short',
      ['parked', 'retry', '--all', '--reason', 'x', '--delivery-url', 'http://127.0.0.1:1', '--token', 't'],
    ],
    ['a span without a unit', ['doctor', '--alarms-since', '24']],
    ['a range that ends before it begins', ['verify', 'range', '.', '7', '7']],
    ['no key', ['verify', 'log', '.']],
  ])('%s is wrong usage', async (_, args) => {
    const { code, out, err } = await runSluice(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).not.toBe('');
  });

  test('help is a result, with examples and exit codes', async () => {
    const { code, out } = await runSluice(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('3 verification failed');
    expect((await runSluice(['parked', 'retry', '--help'])).out).toContain('sluice parked retry --all --yes');
    expect((await runSluice(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('global options may stand before and after the command', async () => {
    const env = await answering(() => ({ body: { subject: SUBJECT, entries: [] } }));
    const before = await runSluice([
      '-o',
      'json',
      'history',
      SUBJECT,
      '--audit-url',
      env.SLUICE_AUDIT_URL!,
      '--token',
      't',
    ]);
    expect([before.code, before.out]).toEqual([0, '[]\n']);
    expect((await history(env, '-o', 'json')).out).toBe('[]\n');
  });
});

describe('a service', () => {
  test('that refuses decides the exit code, and says where to look', async () => {
    const refused = await history(await answering(() => problem('not-allowed')));
    expect(refused).toMatchObject({ code: 4, out: '' });
    expect(refused.err).toBe('sluice: audit: This principal may not do this. (not-allowed; in its log as request-1)\n');
  });

  test('that is away is an error with its address', async () => {
    const env = await answering(() => ({ body: {} }));
    server!.stop();
    const { code, err } = await history(env);
    expect(code).toBe(1);
    expect(err).toMatch(/^sluice: audit does not answer at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\n$/);
  });

  test('that answers in another form is an error; one that says more is not', async () => {
    expect(await history(await answering(() => ({ body: { subject: SUBJECT } })))).toMatchObject({ code: 1 });
    server!.stop();
    const env = await answering(() => ({ body: { subject: SUBJECT, entries: [], newer: true } }));
    expect(await history(env)).toMatchObject({ code: 0, err: 'No entries.\n' });
  });

  test('that no Sluice service is gives no more than its status', async () => {
    const { code, err } = await history(await answering(() => ({ status: 502, body: '<html>' })));
    expect([code, err]).toEqual([1, 'sluice: audit answered readHistory with 502\n']);
  });
});

test('a folder that is no stack’s is not found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  mkdirSync(join(folder, 'secrets'));
  expect(await runSluice(['lag', '--data-dir', folder])).toMatchObject({ code: 5, out: '' });
  rmSync(folder, { recursive: true });
});
