import { afterEach, expect, test } from 'vitest';
import { AnsweringServer } from '../testing/answering-server.js';
import { runSluice } from '../testing/run-sluice.js';

const SUBJECT = '0190a000-0000-7000-8000-000000000101';
const entry = (id: string) => ({
  id,
  at: '2026-11-24T03:00:00.000Z',
  kind: 'delivered',
  actor: `person:${SUBJECT}`,
  recipient: 'harbour-bank',
  attributes: ['mobilePhone', 'email'],
  lane: 3,
  sequence: 12,
  outcome: 'delivered',
});

let server: AnsweringServer;
afterEach(() => server.stop());

/** Pages of two entries, an empty one among them. */
async function threePages(): Promise<void> {
  const pages: Record<string, object> = {
    '': { entries: [entry('a'), entry('b')], next: 'two' },
    two: { entries: [], next: 'three' },
    three: { entries: [entry('c')] },
  };
  server = await AnsweringServer.start(({ line }) => {
    const cursor = new URL(line.slice('GET '.length), 'http://x').searchParams.get('cursor') ?? '';
    return { body: { subject: SUBJECT, ...pages[cursor] } };
  });
}

const history = (...args: string[]) =>
  runSluice(['history', SUBJECT, '--audit-url', server.url, '--token', 'a-token', ...args]);

test('all pages are read, an empty one is not the end', async () => {
  await threePages();
  const { code, out, err } = await history('--all', '-o', 'jsonl');
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(['a', 'b', 'c']);
  expect(err).toBe('');
});

test('a limit ends it and tells how to go on', async () => {
  await threePages();
  const { out, err } = await history('--limit', '2', '--kind', 'delivered', '--agency', 'harbour-bank', '-o', 'jsonl');
  expect(out.trim().split('\n')).toHaveLength(2);
  expect(err).toContain('--cursor two');
  expect(server.asked).toMatchObject([
    {
      line: `GET /subjects/${SUBJECT}/history?limit=2&kind=delivered&agency=harbour-bank`,
      authorization: 'Bearer a-token',
    },
  ]);
});

test('a table has who, what, when and why in a line', async () => {
  await threePages();
  const { out } = await history('--limit', '1');
  const [titles, line] = out.split('\n');
  expect(titles).toMatch(/^AT +KIND +ACTOR +RECIPIENT +ATTRIBUTES +PURPOSE +BASIS +GRANT +LANE +DETAIL$/);
  expect(line).toMatch(/ delivered +person:\S+ +harbour-bank +mobilePhone,email +3 #12 +delivered$/);
});

test('filters reach the service as it knows them', async () => {
  await threePages();
  await history(
    '--limit',
    '1',
    '--attribute',
    'mobilePhone',
    '--from',
    '2026-11-01',
    '--search',
    '手机',
    '-o',
    'jsonl',
  );
  const [asked] = server.asked;
  expect(Object.fromEntries(new URL(asked!.line.slice('GET '.length), 'http://x').searchParams)).toEqual({
    limit: '1',
    attribute: 'mobilePhone',
    from: '2026-11-01T00:00:00.000Z',
    q: '手机',
  });
});
