import { afterEach, describe, expect, test } from 'vitest';
import { AnsweringServer, problem } from '../testing/answering-server.js';
import { runSluice } from '../testing/run-sluice.js';

const [LIN, OMAR, NOBODY] = [1, 2, 3].map((number) => `0190a000-0000-7000-8000-00000000010${number}`) as [
  string,
  string,
  string,
];
const change = (subject: string, offset: number, reason: string) => ({
  partition: 2,
  offset: `${offset}`,
  subject,
  reason,
  parkedAt: '2026-11-24T03:00:00.000Z',
});
const PARKED = [change(LIN, 5, 'seal-broken'), change(LIN, 9, 'behind'), change(OMAR, 11, 'seal-broken')];

let server: AnsweringServer;
afterEach(() => server.stop());

/** Something is parked of two persons; what is parked of the second cannot be settled. */
async function delivery(parked = PARKED): Promise<void> {
  server = await AnsweringServer.start(({ line }) => {
    if (line === 'GET /parked') return { body: { parked } };
    if (line === `POST /parked/${LIN}/settlement`) return { status: 202, body: { subject: LIN, settled: 2 } };
    return problem('not-found');
  });
}

const parked = (...args: string[]) =>
  runSluice(['parked', ...args, '--delivery-url', server.url, '--token', 'a-token']);
const settlements = () => server.asked.filter(({ line }) => line.startsWith('POST'));

test('list and show', async () => {
  await delivery();
  expect(JSON.parse((await parked('list', '-o', 'json')).out)).toEqual(PARKED);
  expect((await parked('show', LIN)).out.trim().split('\n')).toHaveLength(3);
  expect(await parked('show', NOBODY)).toMatchObject({ code: 5, out: '' });
});

test('nothing parked is said beside the result', async () => {
  await delivery([]);
  expect(await parked('list')).toMatchObject({ code: 0, out: '', err: 'Nothing is parked.\n' });
  expect(await parked('retry', '--all', '--yes', '--reason', 'all is well')).toMatchObject({ code: 0, out: '' });
});

describe('retry and discard', () => {
  test('show whom they would hit, and do nothing', async () => {
    await delivery();
    const { code, out, err } = await parked('discard', '--all', '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { subject: LIN, changes: 2, reason: 'seal-broken', action: 'discard', outcome: 'planned' },
      { subject: OMAR, changes: 1, outcome: 'planned' },
    ]);
    expect(err).toContain('--yes does it');
    expect(settlements()).toEqual([]);
  });

  test('need a reason before they do anything', async () => {
    await delivery();
    expect(await parked('retry', LIN, '--yes')).toMatchObject({ code: 2, out: '' });
    expect(settlements()).toEqual([]);
  });

  test('do it with --yes, for the persons that are named, each once', async () => {
    await delivery();
    const { code, out } = await parked('retry', LIN, LIN, '--yes', '--reason', 'key store restored', '-o', 'jsonl');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ subject: LIN, outcome: 'accepted', changes: 2 });
    expect(settlements().map(({ body }) => body)).toEqual([{ action: 'retry', reason: 'key store restored' }]);
  });

  test('that fail for some are partly done', async () => {
    await delivery();
    const { code, out } = await parked('retry', '--all', '--yes', '--reason', 'key store restored', '-o', 'json');
    expect(code).toBe(7);
    expect(JSON.parse(out)).toMatchObject([
      { subject: LIN, outcome: 'accepted' },
      { subject: OMAR, outcome: 'failed', detail: expect.stringContaining('not-found') },
    ]);
  });

  test('that fail for all end as the first did', async () => {
    await delivery();
    expect(await parked('retry', OMAR, '--yes', '--reason', 'try again')).toMatchObject({ code: 5, out: '' });
  });

  test('touch nobody when one of the persons is not parked', async () => {
    await delivery();
    const { code, err } = await parked('discard', LIN, NOBODY, '--yes', '--reason', 'not needed');
    expect(code).toBe(5);
    expect(err).toContain(NOBODY);
    expect(settlements()).toEqual([]);
  });
});
