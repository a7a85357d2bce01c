/** In the order in which they run. */
export const SCENARIO_NAMES = [
  'raw',
  'quiet',
  'sustained',
  'saturation',
  'bulk',
  'single',
  'withdrawal',
  'memory',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
