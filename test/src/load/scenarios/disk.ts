import { type DiskUse, diskUse } from '../measure/disk-use.js';
import { runLoad } from './load-run.js';
import type { Figure, Scenario } from './scenario.js';

const STREAMS = 4;
/** Slow enough that batches are no larger than they would be over a day. */
const RATE = 2_000;
/** What grows by less for each change grows with something else. */
const LEAST_BYTES = 1;

/** What a change leaves on disk, once it was delivered to every recipient. */
export const disk: Scenario = async function* (bench) {
  const { quick, seconds = quick ? 10 : 120 } = bench.options;
  await bench.settle();
  const before = await diskUse(bench.stack);
  const { changes } = await runLoad(bench, { rate: RATE, seconds, streams: STREAMS });
  const after = await diskUse(bench.stack);
  const tables = growth('table', before.tables, after.tables, changes);
  const topics = growth('topic', before.topics, after.topics, changes);
  const log = (after.log.bytes - before.log.bytes) / changes;
  const allocated = (after.log.allocated - before.log.allocated) / changes;
  const inAll = [tables.sum, topics.sum, allocated].reduce((sum, each) => sum + each);
  yield {
    title: `bytes a change, after ${changes} changes at ${RATE}/s to ${bench.population.agencies.length} recipients each`,
    figures: [
      ...tables.figures,
      ...topics.figures,
      bytes('log, as written', log),
      bytes('PostgreSQL, all tables with indexes', tables.sum),
      bytes('Kafka, all topics', topics.sum),
      bytes('log, with the blocks of the file system', allocated),
      bytes('in all', inAll),
    ],
    details: { changes, logFiles: after.log.files - before.log.files, before: plain(before), after: plain(after) },
  };
};

function growth(
  what: string,
  before: Map<string, number>,
  after: Map<string, number>,
  changes: number,
): { figures: Figure[]; sum: number } {
  const grown = [...after].map(([name, size]) => [name, (size - (before.get(name) ?? 0)) / changes] as const);
  const figures = grown
    .filter(([, each]) => Math.abs(each) >= LEAST_BYTES)
    .sort(([, one], [, other]) => other - one)
    .map(([name, each]) => bytes(`${what} ${name}`, each));
  return { figures, sum: grown.reduce((sum, [, each]) => sum + each, 0) };
}

function bytes(what: string, value: number): Figure {
  return { what, value, unit: 'bytes' };
}

function plain({ tables, topics, log }: DiskUse): Record<string, unknown> {
  return { tables: Object.fromEntries(tables), topics: Object.fromEntries(topics), log };
}
