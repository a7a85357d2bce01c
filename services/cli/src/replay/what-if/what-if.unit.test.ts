import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { AnsweringServer, problem } from '../../testing/answering-server.js';
import { runSluice } from '../../testing/run-sluice.js';
import type { Part } from './sums.js';
import type { Trial } from './trial.js';

const ONE = '0190a000-0000-7000-8000-000000000101';
const OTHER = '0190a000-0000-7000-8000-000000000102';
const TOUCHED = { agency: 'harbour-bank', purpose: 'kyc-refresh', active: 9, stopped: 9, narrowed: 0, widened: 0 };

const folder = mkdtempSync(join(tmpdir(), 'sluice-proposal-'));
const file = join(folder, 'policy.yaml');
writeFileSync(file, 'title: a test\nchanges: [{ kind: suspend-agency, agency: harbour-bank }]\n');
afterAll(() => rmSync(folder, { recursive: true }));

let server: AnsweringServer;
afterEach(() => server.stop());

function part(partition: number, next: string | undefined, subjects: string[], more: Partial<Part> = {}): Part {
  const refused = subjects.length;
  const on = { agency: 'harbour-bank', purpose: 'kyc-refresh' as const, narrowed: 0, widened: 0 };
  return {
    partition,
    batches: 1,
    decisions: 10,
    delivered: 8,
    notReproduced: 0,
    effects:
      refused === 0 ? [] : [{ ...on, refused, attributes: [{ attribute: 'email', withheld: refused, released: 0 }] }],
    persons: [...new Set(subjects)].map((subject) => ({
      ...on,
      subject,
      refused: subjects.filter((one) => one === subject).length,
    })),
    position: { sequence: 5, last: 10 },
    ...(next !== undefined && { next }),
    ...more,
  };
}

/** Answers one part after the other, and says which was asked for. */
async function answering(parts: readonly Part[]): Promise<void> {
  server = await AnsweringServer.start(({ line, body }) => {
    if (line === 'POST /grants/what-if') return { body: { at: '2026-11-24T00:00:00.000Z', touched: [TOUCHED] } };
    const { next } = body as { next?: string };
    return { body: next === undefined ? parts[0] : parts.find((_, index) => parts[index - 1]?.next === next) };
  });
}

const whatIf = (...args: string[]) =>
  runSluice([
    ...['replay', 'what-if', file, '--token', 'a-token'],
    ...['--consent-url', server.url, '--delivery-url', server.url],
    ...args,
  ]);

const PARTS = [part(0, '0.5', [ONE, ONE]), part(0, '1.0', [ONE]), part(1, '2.0', []), part(2, undefined, [OTHER])];

test('parts are added up, a person in two of them counts once', async () => {
  await answering(PARTS);
  const { code, out } = await whatIf('-o', 'json');
  expect(code).toBe(0);
  const { today, history } = JSON.parse(out) as Trial;
  expect(today.touched).toEqual([TOUCHED]);
  expect(history).toMatchObject({ batches: 4, decisions: 40, delivered: 32, persons: 2 });
  expect(history.effects).toEqual([
    {
      ...{ agency: 'harbour-bank', purpose: 'kyc-refresh', refused: 4, narrowed: 0, widened: 0, persons: 2 },
      attributes: [{ attribute: 'email', withheld: 4, released: 0 }],
    },
  ]);
});

test('all parts are asked about the same range, though the clock goes on', async () => {
  await answering(PARTS);
  await whatIf('--from', '2026-11-01T00:00:00Z');
  const ranges = server.asked
    .filter(({ line }) => line === 'POST /decisions/what-if')
    .map(({ body }) => [(body as { from: string }).from, (body as { to: string }).to]);
  expect(ranges).toHaveLength(4);
  expect(new Set(ranges.map(([from, to]) => `${from} ${to}`)).size).toBe(1);
  expect(ranges[0]![0]).toBe('2026-11-01T00:00:00.000Z');
});

test('the list has a line for each person, agency and purpose', async () => {
  await answering(PARTS);
  const { out } = await whatIf('--persons', '-o', 'jsonl');
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Part['persons'][number]);
  expect(lines.map(({ subject, refused }) => [subject, refused])).toEqual([
    [ONE, 3],
    [OTHER, 1],
  ]);
});

test('a table says what, for how many, and which attributes', async () => {
  await answering(PARTS);
  const { out } = await whatIf();
  expect(out).toContain('Decided again: 40 decisions, 32 of them deliveries');
  expect(out).toMatch(/harbour-bank +kyc-refresh +4 +0 +0 +2 +-email 4\n/);
  expect(out).toMatch(/harbour-bank +kyc-refresh +9 +9 +0 +0\n/);
});

test('a history that does not come out as recorded is not all done', async () => {
  await answering([part(0, undefined, [], { notReproduced: 3 })]);
  const { code, err } = await whatIf();
  expect(code).toBe(7);
  expect(err).toContain('3 decisions came out otherwise');
});

test('a service that fails half way leaves no half result', async () => {
  let asked = 0;
  server = await AnsweringServer.start(({ line }) => {
    if (line === 'POST /grants/what-if') return { body: { at: '2026-11-24T00:00:00.000Z', touched: [] } };
    asked += 1;
    return asked === 1 ? { body: PARTS[0] } : problem('cannot-record');
  });
  expect(await whatIf('-o', 'json')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('cannot-record') });
});

test('a proposal that is not understood is refused with line and column, before anybody is asked', async () => {
  await answering(PARTS);
  const refused = async (name: string, text: string) => {
    const place = join(folder, name);
    writeFileSync(place, text);
    const { code, out, err } = await runSluice(['replay', 'what-if', place, '--delivery-url', server.url]);
    expect([code, out]).toEqual([2, '']);
    return err;
  };
  expect(await refused('a.yaml', 'title: x\nchanges:\n  - kind: suspend-agency\n    agency: Not A Code\n')).toContain(
    'a.yaml:4:13: changes[0].agency: agency-code',
  );
  expect(await refused('b.yaml', 'title: x\nchanges:\n  - kind: abolish\n')).toContain('b.yaml:3:11: changes[0].kind');
  expect(await refused('c.yaml', 'title: x\nchanges:\n  - kind: revoke-accreditation\n')).toContain(
    'c.yaml:3:5: changes[0].agency',
  );
  expect(await refused('d.yaml', 'title: x\nchanges: []\n')).toContain('d.yaml:2:10: changes');
  expect(await refused('e.yaml', 'title: [x\n')).toContain('e.yaml:');
  expect(await refused('f.yaml', '')).toContain('f.yaml:1:1: the document');
  const extra = '{"title":"x","changes":[{"kind":"suspend-agency","agency":"harbour-bank","until":"2027"}]}';
  expect(await refused('g.json', extra)).toContain('g.json:1:25: changes[0]');
  const beyond =
    '{"title":"x","changes":[{"kind":"widen-accreditation","agency":"harbour-bank","purpose":"account-servicing","add":["education"]}]}';
  expect(await refused('h.json', beyond)).toContain('changes[0].add: within-the-bound-of-the-purpose');
  expect(server.asked).toEqual([]);
});

test('a range that ends before it begins, and a file that is none', async () => {
  await answering(PARTS);
  expect(await whatIf('--from', '2999-01-01T00:00:00Z')).toMatchObject({ code: 2, out: '' });
  expect(await runSluice(['replay', 'what-if', join(folder, 'none.yaml'), '--delivery-url', server.url])).toMatchObject(
    {
      code: 5,
      out: '',
    },
  );
  expect(server.asked).toEqual([]);
});
