import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { run } from '../run.js';
import { AnsweringServer } from '../testing/answering-server.js';
import { Captured } from '../testing/run-sluice.js';

const SUBJECT = '0190a000-0000-7000-8000-000000000101';

let server: AnsweringServer;
afterEach(() => server.stop());

/** A run at a terminal where somebody types `keys` when asked. */
async function typing(keys: string) {
  const change = {
    partition: 2,
    offset: '5',
    subject: SUBJECT,
    reason: 'seal-broken',
    parkedAt: '2026-11-24T03:00:00.000Z',
  };
  server = await AnsweringServer.start(({ line }) => ({
    body: line === 'GET /parked' ? { parked: [change] } : { subject: SUBJECT, settled: 1 },
  }));
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const [stdout, stderr] = [new Captured(), new Captured()];
  stderr.isTTY = true;
  const args = ['parked', 'discard', SUBJECT, '--yes', '--delivery-url', server.url, '--token', 'a-token'];
  const running = run(args, { stdin, stdout, stderr, env: { TERM: 'dumb' } });
  while (!stderr.text.includes('Why discard this?')) await new Promise((resolve) => setTimeout(resolve, 10));
  stdin.write(keys);
  return { code: await running, out: stdout.text, err: stderr.text };
}

const settled = () => server.asked.filter(({ line }) => line.startsWith('POST')).map(({ body }) => body);

test('whoever sits there sees whom it hits, and is asked why', async () => {
  const { code, out, err } = await typing('not needed any more\r');
  expect(code).toBe(0);
  expect(settled()).toEqual([{ action: 'discard', reason: 'not needed any more' }]);
  expect(err.indexOf(SUBJECT)).toBeLessThan(err.indexOf('Why discard this?'));
  expect(out).toContain('accepted');
});

test('Ctrl-C does nothing', async () => {
  const { code, out, err } = await typing('\u0003');
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('nothing was done');
  expect(settled()).toEqual([]);
});
