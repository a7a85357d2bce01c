import type { Bench } from '../bench.js';
import type { Cost } from '../measure/cost-meter.js';

export type Target = { atLeast: number } | { atMost: number };

/** One measured number, and what it should be where that was laid down. */
export interface Figure {
  what: string;
  /** `null` where nothing was measured. */
  value: number | null;
  unit: string;
  target?: Target;
}

/** What one run of a scenario gave; a scenario may have several runs. */
export interface Run {
  title: string;
  figures: Figure[];
  /** What each process cost, and per what. */
  cost?: Cost & { per: 'change' | 'line' | 'request' };
  /** Whatever else a reader of the JSON document may want. */
  details?: Record<string, unknown>;
}

export type Scenario = (bench: Bench) => AsyncGenerator<Run, void>;

/** No service may be larger than this under load. */
export const SERVICE_LIMIT_MB = 300;
