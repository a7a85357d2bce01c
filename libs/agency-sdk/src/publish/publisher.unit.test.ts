import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Mishap, RegistryStandIn } from '../testing/registry-stand-in.js';
import type { FilingLine, FilingLineResult } from './filing-run.js';
import { SluicePublisher } from './publisher.js';
import type { RequestRefused } from './request-refused.js';

const SUBJECT = '018f3c5a-0000-7000-8000-000000000001';
const FILING = '018f3c5a-0000-7000-8000-00000000f111';

let registry: RegistryStandIn;
let publisher: SluicePublisher;
beforeEach(async () => {
  registry = await RegistryStandIn.start();
  publisher = new SluicePublisher({ registryUrl: registry.url, token: async () => 'a-token' });
});
afterEach(() => registry.stop());

const change = { subject: SUBJECT, attributes: { occupation: 'Clerk' }, version: 3 };
const changed = { subject: SUBJECT, version: 4, changed: ['occupation'] };

describe('one change', () => {
  it('is sent with the version seen, a key of its own and the token', async () => {
    registry.answers = [{ status: 200, body: changed }];
    expect(await publisher.change({ ...change, evidence: 'case/1' })).toEqual(changed);
    const [{ method, path, headers, body } = expect.unreachable()] = registry.requests;
    expect([method, path]).toEqual(['PATCH', `/subjects/${SUBJECT}/attributes`]);
    expect(headers).toMatchObject({ 'if-match': '"3"', authorization: 'Bearer a-token' });
    expect(JSON.parse(body)).toEqual({ attributes: { occupation: 'Clerk' }, evidence: 'case/1' });
    registry.answers = [{ status: 200, body: changed }];
    await publisher.change(change);
    expect(registry.requests[1]!.headers['idempotency-key']).not.toBe(headers['idempotency-key']);
  });

  it('is repeated under the same key while the registry cannot take it', async () => {
    const problem = { code: 'queue-full', status: 429, title: '', type: '', instance: 'r' };
    registry.answers = [
      { status: 502 },
      { status: 429, body: problem, headers: { 'retry-after': '0' } },
      { status: 200, body: changed },
    ];
    expect(await publisher.change(change)).toEqual(changed);
    expect(registry.requests).toHaveLength(3);
    expect(new Set(registry.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('is not repeated when it is refused, and the refusal names the rule', async () => {
    const errors = [{ path: 'body.attributes', rule: 'x' }];
    registry.answers = [{ status: 412, body: { code: 'stale-version', status: 412, instance: 'r-7', errors } }];
    const refused: RequestRefused = await publisher.change(change).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(refused).toMatchObject({
      code: 'request-refused',
      retryable: false,
      problem: { code: 'stale-version', errors },
    });
    expect(refused.message).toContain('r-7');
    expect(registry.requests).toHaveLength(1);
  });

  it('reports a refused token, a failing token function, and answers that follow no contract', async () => {
    registry.answers = [{ status: 401, body: { code: 'token-expired' } }];
    await expect(publisher.change(change)).rejects.toMatchObject({ code: 'token-refused' });
    registry.answers = [{ status: 418, body: 'tea' }];
    await expect(publisher.change(change)).rejects.toMatchObject({ code: 'reply-malformed' });
    registry.answers = [{ status: 200, body: { subject: SUBJECT } }];
    await expect(publisher.change(change)).rejects.toMatchObject({ code: 'reply-malformed' });
    expect(registry.requests).toHaveLength(3);
  });
});

/** Lines whose subject is their number; `x` at the refused ones. */
const linesOf = (count: number, refused: number[] = []): FilingLine[] =>
  Array.from({ length: count }, (_, i) => ({
    subject: refused.includes(i) ? 'x' : String(i),
    attributes: { occupation: 'Clerk' },
  }));

async function file(lines: FilingLine[]) {
  const results: FilingLineResult[] = [];
  const report = await publisher.file({
    filing: FILING,
    lines: () => lines,
    onResult: (result) => void results.push(result),
  });
  return { report, results };
}

describe('a filing', () => {
  it('gives each line’s result in order', async () => {
    const { report, results } = await file(linesOf(3, [1]));
    expect(results).toEqual([
      { line: 0, status: 'changed', version: 1 },
      { line: 1, status: 'refused', problem: 'unknown-subject' },
      { line: 2, status: 'changed', version: 1 },
    ]);
    expect(report).toEqual({ nextLine: 3, changed: 2, unchanged: 0, refused: 1, unreported: [] });
  });

  it('streams: results come while lines are still being read', async () => {
    const seen: number[] = [];
    let sawFirst = (): void => {};
    const first = new Promise<void>((resolve) => {
      sawFirst = resolve;
    });
    async function* lines(): AsyncGenerator<FilingLine> {
      // Enough to fill the first chunks; the rest only when a result has come back.
      yield* linesOf(1000);
      await first;
      yield* linesOf(1000);
    }
    const report = await publisher.file({
      filing: FILING,
      lines,
      onResult: ({ line }) => {
        seen.push(line);
        sawFirst();
      },
    });
    expect(report.nextLine).toBe(2000);
    expect(seen).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  });

  it('of no lines sends nothing', async () => {
    expect((await file([])).report).toMatchObject({ nextLine: 0, unreported: [] });
    expect(registry.applied).toEqual([]);
  });

  it('applies each line once and accounts for each result, wherever connections break', async () => {
    const mishap = fc.record({ breakAfter: fc.integer({ min: 1, max: 12 }), loseResults: fc.nat({ max: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.array(mishap, { maxLength: 2 }), async (count, mishaps) => {
        await registry.stop();
        registry = await RegistryStandIn.start();
        publisher = new SluicePublisher({ registryUrl: registry.url, token: async () => 'a-token' });
        registry.mishaps = mishaps;
        const { report, results } = await file(linesOf(count));
        expect(registry.applied).toEqual(linesOf(count).map(({ subject }) => subject));
        const unreported = report.unreported.flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        const accounted = [...results.map(({ line }) => line), ...unreported].sort((a, b) => a - b);
        expect(accounted).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
      { numRuns: 10 },
    );
  });

  it('goes on where an earlier run stopped, and says which results it did not see', async () => {
    const failing = publisher.file({
      filing: FILING,
      lines: () => linesOf(6),
      onResult: ({ line }) => {
        if (line === 2) throw new Error('disk full');
      },
    });
    await expect(failing).rejects.toThrow('disk full');
    const done = registry.applied.length;
    const { report, results } = await file(linesOf(8));
    expect(registry.applied).toHaveLength(8);
    expect(report.unreported).toEqual([{ from: 0, to: done }]);
    expect(results.map(({ line }) => line)).toEqual([6, 7].filter((line) => line >= done));
  });

  it.each<[string, Mishap]>([
    ['halts in the name of the next line', { haltAfter: { lines: 2, problem: 'cannot-record' } }],
    ['is refused while the queue is full', { refuse: { problem: 'queue-full', retryAfterS: 0 } }],
    ['is found to go on elsewhere', { refuse: { problem: 'filing-line-mismatch' } }],
  ])('that %s is taken up again, and no line’s result is made up', async (_what, mishap) => {
    registry.mishaps = [mishap];
    const { report, results } = await file(linesOf(5));
    expect(results.map(({ line, status }) => `${line} ${status}`)).toEqual(
      [0, 1, 2, 3, 4].map((line) => `${line} changed`),
    );
    expect(report).toMatchObject({ nextLine: 5, refused: 0, unreported: [] });
  });

  it('refused as a whole is not tried again', async () => {
    registry.mishaps = [{ refuse: { problem: 'not-allowed' } }];
    await expect(file(linesOf(2))).rejects.toMatchObject({ problem: { code: 'not-allowed' }, retryable: false });
    expect(registry.applied).toEqual([]);
  });

  it('whose lines cannot be read ends with that error', async () => {
    async function* lines(): AsyncGenerator<FilingLine> {
      yield* linesOf(1);
      throw new Error('file vanished');
    }
    await expect(publisher.file({ filing: FILING, lines, onResult: () => {} })).rejects.toThrow('file vanished');
  });
});
