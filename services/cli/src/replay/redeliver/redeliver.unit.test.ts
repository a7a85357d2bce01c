import type { ReplayState, ReplayView } from '@sluice/contracts';
import { afterEach, expect, test } from 'vitest';
import { AnsweringServer, problem } from '../../testing/answering-server.js';
import { runSluice } from '../../testing/run-sluice.js';

const ID = '0190a000-0000-7000-8000-00000000aaaa';

function view(state: ReplayState, progress: Partial<ReplayView['progress']> = {}): ReplayView {
  return {
    id: ID,
    version: 3,
    state,
    agency: 'harbour-bank',
    extent: { kind: 'range', lane: 3, from: 1, to: 9 },
    rate: 200,
    reason: 'their store was lost',
    impact: {
      lanes: [3],
      sourceEvents: 9,
      persons: 4,
      deliveries: 7,
      refusals: [{ outcome: 'no-longer-granted', count: 2 }],
    },
    plannedBy: 'staff:otto',
    plannedAt: '2026-11-24T03:00:00.000Z',
    progress: { delivered: 0, refused: 0, skipped: 0, lanes: [], ...progress },
  };
}

let server: AnsweringServer;
afterEach(() => server.stop());

const replay = (...args: string[]) =>
  runSluice(['replay', ...args, '--delivery-url', server.url, '--token', 'a-token']);

test('a run ends with 0 only when all of it went out', async () => {
  const ends: [ReplayView, number][] = [
    [view('done', { delivered: 9 }), 0],
    [view('done', { delivered: 7, refused: 2 }), 7],
    [view('done', { delivered: 8, skipped: 1 }), 7],
    [view('paused', { delivered: 3 }), 7],
    [view('cancelled', { delivered: 3 }), 7],
  ];
  for (const [end, code] of ends) {
    server = await AnsweringServer.start(({ line }) => ({ body: line.startsWith('POST') ? view('running') : end }));
    const ran = await replay('run', ID, '-o', 'json');
    expect([ran.code, JSON.parse(ran.out)], `${end.state} ${end.progress.refused}`).toEqual([code, end]);
    server.stop();
  }
});

test('a service that restarts meanwhile is waited for', async () => {
  let looks = 0;
  server = await AnsweringServer.start(({ line }) => {
    if (line.startsWith('POST')) return { body: view('running') };
    looks += 1;
    return looks < 3 ? problem('not-ready') : { body: view('done', { delivered: 9 }) };
  });
  expect(await replay('run', ID, '-o', 'json')).toMatchObject({ code: 0 });
});

test('without waiting it says what was started, and what is refused has its exit code', async () => {
  server = await AnsweringServer.start(({ line }) =>
    line.endsWith('/approval') ? problem('same-person') : { body: view('running') },
  );
  expect((await replay('run', ID, '--no-wait')).code).toBe(0);
  expect(server.asked.map(({ line }) => line)).toEqual([`POST /replays/${ID}/execution`]);
  expect((await replay('approve', ID)).code).toBe(6);
  expect((await replay('resume', 'not-an-id')).code).toBe(2);
});

test('a plan is either a range or everything, and its refusals are shown', async () => {
  server = await AnsweringServer.start(() => ({ status: 201, body: view('planned') }));
  const plan = (...args: string[]) => replay('plan', 'redeliver', 'harbour-bank', ...args);
  const reason = ['--reason', 'their store was lost'];
  for (const wrong of [
    [],
    ['--lane', '3', '--from', '1'],
    ['--entitled', '--lane', '3'],
    ['--lane', '9', '--from', '1', '--to', '2'],
    ['--lane', '3', '--from', '2', '--to', '1'],
    ['--lane', '3', '--from', '1', '--to', '200000'],
    ['--entitled', '--rate', '999999'],
  ]) {
    expect((await plan(...wrong, ...reason)).code, wrong.join(' ')).toBe(2);
  }
  expect((await plan('--entitled')).code, 'no reason').toBe(2);
  expect(server.asked).toEqual([]);
  const { code, out, err } = await plan('--lane', '3', '--from', '1', '--to', '9', ...reason);
  expect(code).toBe(0);
  expect(out).toContain('2 refused: no-longer-granted');
  expect(err).toContain(`sluice replay approve ${ID}`);
  expect(server.asked[0]!.body).toMatchObject({ extent: { kind: 'range', lane: 3, from: 1, to: 9 }, rate: 200 });
});
