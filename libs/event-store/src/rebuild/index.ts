export type { Difference, DifferenceKind } from './comparison.js';
export { type FoldedModel, foldedModel, type Source } from './folded-model.js';
export { LogSource } from './log-source.js';
export { estimatedRows } from './own-log.js';
export { Pace } from './pace.js';
export {
  type Expected,
  type Filling,
  type Key,
  type Opaque,
  type Place,
  type ReadModel,
  type RowJson,
  SourceUnreadable,
  type Step,
} from './read-model.js';
export { RebuildHost, type RebuildHostOptions } from './rebuild-host.js';
export { RebuildRun, type RunOptions } from './rebuild-run.js';
export {
  type FoundDifference,
  REBUILD_MOVES,
  REBUILD_STATES,
  type Rebuild,
  type RebuildMove,
  type RebuildState,
  RebuildStopped,
  Rebuilds,
} from './rebuilds.js';
export { type StreamStates, sameJson, streamStates } from './stream-states.js';
