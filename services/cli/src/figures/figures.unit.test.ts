import { afterEach, expect, test } from 'vitest';
import { AnsweringServer } from '../testing/answering-server.js';
import { runSluice } from '../testing/run-sluice.js';

const FIGURES = {
  month: '2026-11',
  final: false,
  smallest: 10,
  total: { released: 120, refused: 0, withdrawn: null },
  purposes: [{ purpose: 'kyc-refresh', released: 120, refused: 0, withdrawn: null }],
  agencies: [
    {
      agency: 'harbour-bank',
      released: 120,
      refused: 0,
      withdrawn: null,
      purposes: [{ purpose: 'kyc-refresh', released: 120, refused: 0, withdrawn: null }],
    },
  ],
  withdrawalTime: { p50Ms: 105, p99Ms: 420 },
};

let server: AnsweringServer;
afterEach(() => server.stop());

test('figures need no token, and what is not shown is told from none', async () => {
  server = await AnsweringServer.start(() => ({ body: FIGURES }));
  const { code, out, err } = await runSluice(['figures', '--month', '2026-11', '--audit-url', server.url]);
  expect(code).toBe(0);
  expect(server.asked).toMatchObject([{ line: 'GET /figures?month=2026-11', authorization: undefined }]);
  const [titles, first] = out.split('\n');
  expect(titles).toMatch(/^AGENCY +PURPOSE +RELEASED +REFUSED +WITHDRAWN$/);
  expect(first).toMatch(/^harbour-bank +kyc-refresh +120 +0 +-$/);
  expect(err).toContain('not over');
  expect(err).toContain('105 ms');
  const json = await runSluice(['figures', '--audit-url', server.url, '-o', 'json']);
  expect(JSON.parse(json.out)).toEqual(FIGURES);
});
