import { PURPOSE_CODES, type PublicFigures } from '@sluice/contracts';
import { type FigureCount, MEASURES, type Measure } from './figure-counts.js';
import { type ShownTable, SMALLEST_SHOWN, suppress } from './suppress.js';
import { quantile } from './time-buckets.js';

/** A month is over for good a day after its end: what was decided in its last minutes has been taken in. */
const SETTLED_AFTER_MS = 86_400_000;

/** What was counted of a month. */
export interface MonthCounts {
  /** `2026-11` */
  month: string;
  counts: readonly Omit<FigureCount, 'month'>[];
  /** How long withdrawals took. */
  times: readonly { bucket: number; count: number }[];
}

/**
 * The figures as anybody may have them. While a month runs they go up in steps of ten: whoever asks twice must not learn
 * of the one release in between.
 */
export function publicFigures({ month, counts, times }: MonthCounts, now: number): PublicFigures {
  const isFinal = now >= endOf(month) + SETTLED_AFTER_MS;
  const shownAs = (count: number | null) => (count === null || isFinal ? count : count - (count % SMALLEST_SHOWN));
  const agencies = [...new Set(counts.map(({ agency }) => agency))].sort();
  const purposes = PURPOSE_CODES.filter((code) => counts.some(({ purpose }) => purpose === code));
  const tables = Object.fromEntries(
    MEASURES.map((measure) => [measure, suppress(tableOf(counts, measure, agencies, purposes))]),
  ) as Record<Measure, ShownTable>;
  const each = (of: (table: ShownTable) => number | null) => ({
    released: shownAs(of(tables.released)),
    refused: shownAs(of(tables.refused)),
    withdrawn: shownAs(of(tables.withdrawn)),
  });
  const measured = times.reduce((sum, { count }) => sum + count, 0);
  return {
    month,
    final: isFinal,
    smallest: SMALLEST_SHOWN,
    total: each(({ total }) => total),
    purposes: purposes.map((purpose, c) => ({ purpose, ...each(({ columnTotals }) => columnTotals[c]!) })),
    agencies: agencies.map((agency, r) => ({
      agency,
      ...each(({ rowTotals }) => rowTotals[r]!),
      purposes: purposes
        .map((purpose, c) => ({ purpose, ...each(({ cells }) => cells[r]![c]!) }))
        .filter(({ released, refused, withdrawn }) => released !== 0 || refused !== 0 || withdrawn !== 0),
    })),
    ...(measured >= SMALLEST_SHOWN && {
      withdrawalTime: { p50Ms: quantile(times, 0.5)!, p99Ms: quantile(times, 0.99)! },
    }),
  };
}

function tableOf(
  counts: MonthCounts['counts'],
  measure: Measure,
  agencies: readonly string[],
  purposes: readonly string[],
): number[][] {
  const table = agencies.map(() => purposes.map(() => 0));
  for (const { agency, purpose, count, measure: counted } of counts) {
    const column = purposes.indexOf(purpose);
    if (counted === measure && column >= 0) table[agencies.indexOf(agency)]![column]! += count;
  }
  return table;
}

function endOf(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return Date.UTC(year, number, 1);
}
