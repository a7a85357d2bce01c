import { SERVICES } from '@sluice/contracts';
import type { Cost } from '../measure/cost-meter.js';
import type { LagSample } from './arrivals.js';
import type { LoadResult } from './load-run.js';
import { type Figure, type Run, SERVICE_LIMIT_MB, type Target } from './scenario.js';

/** The figures that every load has in common; targets by what they are of. */
export function loadRun(
  title: string,
  result: LoadResult,
  targets: Partial<Record<'delivered' | 'p50' | 'p99' | 'growth' | 'memory', Target>> = {},
): Run {
  const { filedPerS, deliveredPerS, latency, lag, drainS, cost, ...details } = result;
  const figure = (what: string, value: number | null, unit: string, target?: Target): Figure => ({
    what,
    value,
    unit,
    ...(target && { target }),
  });
  return {
    title,
    figures: [
      figure('changes filed', filedPerS, '/s'),
      figure('changes delivered to each recipient', deliveredPerS, '/s', targets.delivered),
      figure('latency p50', latency.p50, 'ms', targets.p50),
      figure('latency p99', latency.p99, 'ms', targets.p99),
      figure('latency max', latency.max, 'ms'),
      figure('lag at the beginning', lag.at(0)!.made, 'changes'),
      figure('lag in the middle', lag.at(lag.length >> 1)!.made, 'changes'),
      figure('lag at the end', lag.at(-1)!.made, 'changes'),
      figure('of these behind the registry', lag.at(-1)!.filed, 'changes'),
      figure('growth of the lag', growthOf(lag), 'changes/s', targets.growth),
      figure('the last changes arrived after', drainS, 's'),
      figure('largest service', largestService(cost), 'MB', targets.memory),
    ],
    cost: { ...cost, per: 'change' },
    details: { ...details, deliveries: latency.count, lag },
  };
}

/** By least squares, so that one slow second does not decide. */
export function growthOf(lag: LagSample[]): number {
  return slope(lag.map(({ atS, made }) => [atS, made]));
}

export function slope(points: [x: number, y: number][]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

export const MEMORY_TARGET: Target = { atMost: SERVICE_LIMIT_MB };

function largestService({ processes }: Cost): number {
  const services: readonly string[] = SERVICES;
  return Math.max(...processes.filter(({ name }) => services.includes(name)).map(({ highestMb }) => highestMb));
}
