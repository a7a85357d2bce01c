import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PERSON, TokenIssuer } from '../testing/token-issuer.js';

const SERVICE = fileURLToPath(new URL('../../fixtures/slow-service.mjs', import.meta.url));
let issuer: TokenIssuer;
let authorization: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  authorization = `Bearer ${await issuer.token(PERSON)}`;
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => issuer.stop());

interface Line {
  readonly level: string;
  readonly msg: string;
}

/** The service as a process of its own, over IPC as the local stack starts it. */
async function start(): Promise<{
  child: ChildProcess;
  url: string;
  lines: Line[];
  ended: Promise<number | null>;
  stderr: string[];
}> {
  const child = fork(SERVICE, {
    silent: true,
    env: {
      PATH: process.env.PATH,
      SLUICE_SERVICE_PORT: '0',
      SLUICE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      SLUICE_KAFKA_BROKERS: '127.0.0.1:1',
      SLUICE_ISSUER: issuer.url,
      SLUICE_JWKS_URL: `${issuer.url}/jwks`,
      SLUICE_KEY_DIR: '/nowhere',
    },
  });
  children.push(child);
  const lines: Line[] = [];
  const stderr: string[] = [];
  const output = createInterface(child.stdout!).on('line', (line) => lines.push(JSON.parse(line) as Line));
  child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const ended = Promise.all([once(child, 'exit'), once(output, 'close')]).then(([[code]]) => code as number | null);
  const ready = once(child, 'message').then(([message]) => message as { url: string });
  const first = await Promise.race([ready, ended]);
  if (typeof first !== 'object' || first === null)
    throw new Error(`the service did not start; are the packages built? ${stderr.join('')}`);
  return { child, url: first.url, lines, ended, stderr };
}

const messages = (lines: Line[]): string[] => lines.map((line) => line.msg);

test('SIGTERM: what was asked is answered, nothing new is taken, then the parts stop in their order', async () => {
  const { child, url, lines, ended, stderr } = await start();
  const slow = fetch(`${url}/slow/1500`, { headers: { authorization } });
  await once(child, 'message');
  child.kill('SIGTERM');
  await expect
    .poll(() =>
      fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
        (r) => r.status,
        () => 'refused',
      ),
    )
    .toBe('refused');
  const answered = await slow;
  expect([answered.status, await answered.json()]).toEqual([200, { answered: true }]);
  expect(answered.headers.get('connection')).toBe('close');
  expect(await ended).toBe(0);
  expect(messages(lines)).toEqual([
    'serving',
    'stopping',
    'worker stopped',
    'a step of the shutdown failed',
    'relay stopped',
  ]);
  expect(stderr.join('')).toBe('');
});

test('a request that would take longer than a service may is cut, and the service still ends in time', async () => {
  const { child, url, ended } = await start();
  const endless = fetch(`${url}/slow/60000`, { headers: { authorization } }).then(
    () => 'answered',
    () => 'cut',
  );
  await once(child, 'message');
  const begun = Date.now();
  child.kill('SIGTERM');
  expect(await endless).toBe('cut');
  expect(await ended).toBe(0);
  expect(Date.now() - begun).toBeLessThan(30_000); // half of what it would take
});

test('a service ends when the process that started it goes away', async () => {
  const { child, ended, lines } = await start();
  child.disconnect();
  expect(await ended).toBe(0);
  expect(messages(lines)).toContain('stopping');
});

test('a rejection nobody handled ends the process, and is told without what it quotes', async () => {
  const { child, ended, lines, stderr } = await start();
  child.send('reject');
  expect(await ended).toBe(1);
  expect(lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'a rejection nobody handled' });
  expect(JSON.stringify(lines) + stderr.join('')).not.toContain('a-private-value');
});

test('the harmless warning about negative timeouts reaches nobody', async () => {
  const { child, ended, lines, stderr } = await start();
  child.send('warn');
  child.send('warn');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(JSON.stringify(lines) + stderr.join('')).not.toContain('TimeoutNegativeWarning');
});
