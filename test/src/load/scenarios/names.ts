/** In the order in which they run. */
export const SCENARIO_NAMES = [
  'raw',
  'quiet',
  'sustained',
  'saturation',
  'bulk',
  'single',
  'withdrawal',
  'log',
  'disk',
  'rebuild',
  'history',
  'memory',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
