import type { ScenarioName } from '../scenarios/names.js';
import type { Figure, Run } from '../scenarios/scenario.js';
import type { Conditions } from './conditions.js';

/** The benchmark's result as JSON. */
export interface BenchDocument {
  conditions: Conditions;
  scenarios: {
    scenario: ScenarioName;
    runs: (Omit<Run, 'figures'> & { figures: JudgedFigure[] })[];
    failure?: string;
  }[];
}

type JudgedFigure = Figure & { met?: boolean };

export interface ScenarioResult {
  scenario: ScenarioName;
  runs: Run[];
  /** Why it could not be measured to its end. */
  failure?: string;
}

export function benchDocument(conditions: Conditions, results: ScenarioResult[]): BenchDocument {
  return {
    conditions,
    scenarios: results.map((result) => ({
      ...result,
      runs: result.runs.map((run) => ({ ...run, figures: run.figures.map(judged) })),
    })),
  };
}

function judged(figure: Figure): JudgedFigure {
  const met = isMet(figure);
  return { ...figure, ...(met !== undefined && { met }) };
}

/** `undefined` where nothing was laid down. */
export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  if (value === null) return false;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
