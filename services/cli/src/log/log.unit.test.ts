import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSluice } from '../testing/run-sluice.js';
import { entryAt, WrittenLog } from '../testing/written-log.js';

const log = new WrittenLog();
beforeAll(() => log.growTo(700));
afterAll(() => log.remove());

async function sluiceLog(...args: string[]) {
  const { code, out, err } = await runSluice(['log', ...args, '--source', log.folder, '-o', 'jsonl']);
  const lines = out === '' ? [] : out.trim().split('\n');
  return { code, err, entries: lines.map((line) => JSON.parse(line) as { index: number; entry: string }) };
}

describe('tail', () => {
  test('shows the newest, over the border of a bundle', async () => {
    const { entries } = await sluiceLog('tail', '-n', '200');
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, at) => 500 + at));
    expect(entries.at(-1)).toEqual({ index: 699, entry: entryAt(699) });
  });

  test('shows all of a log that is shorter, and none of none', async () => {
    expect((await sluiceLog('tail', '-n', '10000')).entries).toHaveLength(700);
    expect((await sluiceLog('tail', '-n', '0')).entries).toEqual([]);
  });
});

describe('show', () => {
  test('shows one, and says that it proves nothing without a key', async () => {
    expect(await sluiceLog('show', '256')).toEqual({
      code: 0,
      err: 'Shown as served: --key proves it.\n',
      entries: [{ index: 256, entry: entryAt(256) }],
    });
  });

  test('proves it with the key', async () => {
    expect(await sluiceLog('show', '699', '--key', log.key.verifierKey)).toMatchObject({
      code: 0,
      err: '',
      entries: [{ index: 699, entry: entryAt(699) }],
    });
  });

  test('does not find what the log does not have', async () => {
    expect(await sluiceLog('show', '700')).toMatchObject({ code: 5, entries: [] });
  });
});

describe('search', () => {
  test('finds a text, and with --regex an expression', async () => {
    expect((await sluiceLog('search', 'y 69')).entries.map(({ index }) => index)).toEqual([
      69, 690, 691, 692, 693, 694, 695, 696, 697, 698, 699,
    ]);
    expect((await sluiceLog('search', '--regex', ' 6.0$')).entries).toHaveLength(10);
    expect((await sluiceLog('search', ' 6.0$')).code).toBe(5);
  });

  test('keeps to its range and its limit', async () => {
    const { entries } = await sluiceLog('search', 'entry', '--from', '300', '--to', '690', '--limit', '3');
    expect(entries.map(({ index }) => index)).toEqual([300, 301, 302]);
    expect(await sluiceLog('search', 'entry', '--from', '900')).toMatchObject({ code: 5 });
  });

  test('refuses an expression that is none', async () => {
    expect(await sluiceLog('search', '--regex', '(')).toMatchObject({ code: 2 });
  });
});

test('a place without a log is not found', async () => {
  expect(await runSluice(['log', 'tail', '--source', `${log.folder}/nowhere`])).toMatchObject({ code: 5 });
  expect(await runSluice(['log', 'tail', '--source', `${log.folder}/tile`])).toMatchObject({ code: 5 });
});
