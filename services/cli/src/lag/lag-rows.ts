import type { listPartitions, ReplyOf } from '@sluice/contracts';
import type { Sample } from '../observe/metrics.js';
import type { ServiceObservation } from '../observe/observe-service.js';
import type { Column } from '../output/table.js';

export type Partition = ReplyOf<typeof listPartitions>['partitions'][number];

/** One part of a service, and how far behind it is. */
export interface LagRow {
  service: string;
  part: string;
  state: 'ok' | 'not ok' | 'halted' | 'not here' | 'no answer';
  /** Records, changes or events that wait; absent where the service does not say. */
  behind?: number;
  detail: string;
}

export const LAG_COLUMNS: readonly Column<LagRow>[] = [
  { title: 'SERVICE', of: ({ service }) => service },
  { title: 'PART', of: ({ part }) => part },
  {
    title: 'STATE',
    of: ({ state }) => state,
    paint: ({ state }, { green, dim, red }) => (state === 'ok' ? green : state === 'not here' ? dim : red),
  },
  { title: 'BEHIND', of: ({ behind }) => behind, align: 'right' },
  { title: 'DETAIL', of: ({ detail }) => detail },
];

/** A service by its readiness checks, and by what it measures beside them. */
export function serviceRows({ service, checks, samples, failure }: ServiceObservation): LagRow[] {
  if (failure !== undefined) return [{ service, part: 'service', state: 'no answer', detail: failure }];
  const lags = lagsOf(service, samples);
  const checked = Object.entries(checks).map(([part, { ok, detail }]): LagRow => {
    const behind = lags.get(part);
    return { service, part, state: ok ? 'ok' : 'not ok', ...(behind !== undefined && { behind }), detail };
  });
  const measured = [...lags]
    .filter(([part]) => !Object.hasOwn(checks, part))
    .map(([part, behind]): LagRow => ({ service, part, state: 'ok', behind, detail: 'events not handled yet' }));
  return [...checked, ...measured];
}

/** The partitions of delivery; one that this process does not own has its lag where it is owned. */
export function partitionRows(partitions: readonly Partition[]): LagRow[] {
  return partitions.map(({ partition, ownedHere, lag, halted, ...at }) => ({
    service: 'delivery',
    part: `partition ${partition}`,
    state: halted !== undefined ? 'halted' : ownedHere ? 'ok' : 'not here',
    ...(lag !== undefined && { behind: lag }),
    detail:
      halted ??
      `registry ${at.registryOffset}, consent ${at.consentOffset}, vetting ${at.vettingOffset}; ledger ${at.ledgerSequence}, dispatched ${at.dispatchedSequence}`,
  }));
}

/** Gauges whose name does not say which part of the service they measure. */
const PART_OF_GAUGE: Record<string, string> = {
  sluice_audit_lag_records: 'intake',
  sluice_delivery_lag_changes: 'partitions',
};

/** What the gauges say, by part of the service; one that has a series per topic or partition is summed up. */
function lagsOf(service: string, samples: readonly Sample[]): Map<string, number> {
  const lags = new Map<string, number>();
  const form = new RegExp(`^sluice_${service}_(\\w+)_lag$`);
  for (const { name, value } of samples) {
    const part = PART_OF_GAUGE[name] ?? form.exec(name)?.[1];
    if (part !== undefined) lags.set(part, (lags.get(part) ?? 0) + value);
  }
  return lags;
}
