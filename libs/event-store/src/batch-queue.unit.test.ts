import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { BatchQueue, type Waiting } from './batch-queue.js';

interface Job extends Waiting {
  name: string;
}

let running: { names: string[]; end: (leftOver?: Job[]) => Promise<void> }[];
let queue: BatchQueue<Job>;

beforeEach(() => {
  running = [];
  queue = new BatchQueue<Job>(async (batch) => {
    const { promise, resolve } = Promise.withResolvers<Job[]>();
    const entry = {
      names: batch.map(({ name }) => name),
      end: async (leftOver: Job[] = []) => {
        running.splice(running.indexOf(entry), 1);
        resolve(leftOver);
        await turn();
        await turn();
      },
    };
    running.push(entry);
    return await promise;
  });
});

function shared(name: string, ...names: string[]): Job {
  const job = { name, names, shares: true };
  queue.add(job);
  return job;
}

function alone(name: string, ...names: string[]): void {
  queue.add({ name, names, shares: false });
}

const many = (prefix: string): string[] => Array.from({ length: 100 }, (_, index) => `${prefix}-${index}`);

const inFlight = (): string[][] => running.map(({ names }) => names);

it('puts together what came in one turn of the event loop, also on one stream', async () => {
  shared('1', 'a');
  shared('2', 'b');
  shared('3', 'a');
  expect(inFlight()).toEqual([]);
  await turn();
  expect(inFlight()).toEqual([['1', '2', '3']]);
});

it('has two shared batches in flight, never with a stream in common', async () => {
  shared('1', 'a');
  await turn();
  shared('2', 'a');
  shared('3', 'b', 'a');
  shared('4', 'c');
  await turn();
  expect(inFlight()).toEqual([['1'], ['4']]);
  shared('5', 'd');
  await turn();
  expect(inFlight()).toEqual([['1'], ['4']]);
  await running[0]!.end();
  expect(inFlight()).toEqual([['4'], ['2', '3', '5']]);
});

it('lets a batch of its own pass shared ones, except on its streams', async () => {
  shared('1', 'a');
  shared('2', 'b');
  alone('own-b', 'b', 'c');
  alone('own-d', 'd');
  shared('3', 'c');
  shared('4', 'e');
  await turn();
  // own-b waits for 2, and 3 behind own-b, though c is free: otherwise a stream of single commands could starve it.
  expect(inFlight()).toEqual([['own-d'], ['1', '2', '4']]);
  await running[1]!.end();
  expect(inFlight()).toEqual([['own-d'], ['own-b']]);
  await running[1]!.end();
  expect(inFlight()).toEqual([['own-d'], ['3']]);
});

it('has two batches of their own in flight', async () => {
  for (const name of ['a', 'b', 'c']) alone(name, name, ...many(name));
  await turn();
  expect(inFlight()).toEqual([['a'], ['b']]);
  await running[0]!.end();
  expect(inFlight()).toEqual([['b'], ['c']]);
});

it('runs small batches of their own together, never with a stream in common', async () => {
  alone('a', 'a');
  alone('large', 'b', ...many('b'));
  alone('c', 'c');
  alone('a again', 'a');
  alone('d', 'd');
  await turn();
  expect(inFlight()).toEqual([['a', 'c', 'd'], ['large']]);
  await running[0]!.end();
  expect(inFlight()).toEqual([['large'], ['a again']]);
});

it('runs no more than 500 names together', async () => {
  for (let index = 0; index < 12; index++) alone(String(index), ...many(`s${index}`).slice(0, 99));
  await turn();
  expect(inFlight().map(({ length }) => length)).toEqual([5, 5]);
});

it('takes 500 commands at a time', async () => {
  for (let index = 0; index < 1_100; index++) shared(String(index), `s${index}`);
  await turn();
  expect(inFlight().map(({ length }) => length)).toEqual([500]);
  await running[0]!.end();
  await turn();
  expect(inFlight().map(({ length }) => length)).toEqual([500]);
});

it('puts first what a batch left over', async () => {
  const first = shared('1', 'a');
  await turn();
  shared('2', 'a');
  await running[0]!.end([first]);
  expect(inFlight()).toEqual([['1', '2']]);
});

it('is idle when nothing waits and nothing is in flight', async () => {
  await queue.idle();
  shared('1', 'a');
  shared('2', 'a');
  let idle = false;
  const waiting = queue.idle().then(() => {
    idle = true;
  });
  await turn();
  expect(idle).toBe(false);
  await running[0]!.end();
  await waiting;
  expect(idle).toBe(true);
});
