import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { FilingLoad, type FilingPlan } from './filing-load.js';

type Line = { subject: string; attributes: { mobilePhone: string } };

let server: Server | undefined;
afterEach(() => server?.close());

const PLAN = { token: 'any', subjects: ['a', 'b', 'c', 'd'], seconds: 0.5, streams: 2, window: 0, firstNumber: 0 };

/** A registry that answers each line as told. */
async function registry(answer: (line: Line, number: number) => string | undefined): Promise<string> {
  server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    let number = 0;
    for await (const line of createInterface({ input: request })) {
      const result = answer(JSON.parse(line) as Line, number++);
      if (result === undefined) break;
      response.write(`${result}\n`);
    }
    response.end();
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const changed = (number: number) => `{"line":${number},"status":"changed","version":2}`;

function load(registryUrl: string, plan: Partial<FilingPlan>): FilingLoad {
  return new FilingLoad({ ...PLAN, rate: 1_000, registryUrl, ...plan });
}

test('the rate is kept, and every line gets its result', async () => {
  const url = await registry((_, number) => changed(number));
  const startedAt = performance.now();
  const done = await load(url, { rate: 2_000 }).run();
  const tookS = (performance.now() - startedAt) / 1_000;
  expect(done.sent).toBeGreaterThan(2_000 * PLAN.seconds * 0.9);
  expect(done.sent).toBeLessThanOrEqual(2_000 * tookS);
  expect(done.answered).toBe(done.sent);
});

test('all streams together have all persons, and no change is like the one before of the same person', async () => {
  const phones = new Map<string, string>();
  let repeated = 0;
  const url = await registry(({ subject, attributes: { mobilePhone } }, number) => {
    if (phones.get(subject) === mobilePhone) repeated += 1;
    phones.set(subject, mobilePhone);
    return changed(number);
  });
  await load(url, { subjects: ['a', 'b', 'c', 'd', 'left over'] }).run();
  expect([...phones.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(repeated).toBe(0);
});

test('with a window no more is sent than it holds until something has arrived', async () => {
  const url = await registry((_, number) => changed(number));
  const filing = load(url, { rate: 0, window: 100 });
  const run = filing.run();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(filing.progress().sent).toBe(100);
  filing.delivered(40);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(filing.progress().sent).toBe(140);
  await run;
});

test('a refused line fails the run with its problem', async () => {
  const refused = '{"line":3,"status":"refused","problem":"unknown-subject"}';
  const url = await registry((_, number) => (number === 3 ? refused : changed(number)));
  await expect(load(url, {}).run()).rejects.toThrow('unknown-subject');
});

test('a filing that is broken off ends the run at once', async () => {
  const url = await registry((_, number) => (number === 3 ? undefined : changed(number)));
  const startedAt = performance.now();
  await expect(load(url, { seconds: 20 }).run()).rejects.toThrow(/ended after 3|socket|reset|aborted/i);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
