import type { RebuildView, ReplayView, ServiceName } from '@sluice/contracts';
import { type Diagnosis, trouble, well } from './diagnosis.js';

/**
 * Redeliveries under way, by two looks at them. Even the slowest one takes an event a second, so one of which nothing was
 * taken in between stands still. What waits for a person (to approve it, to go on) is no trouble, but is named.
 */
export function replaysDiagnosis(before: readonly ReplayView[], after: readonly ReplayView[]): Diagnosis {
  const where = 'delivery';
  const check = 'redeliveries';
  const earlier = new Map(before.map((replay) => [replay.id, replay]));
  for (const replay of after) {
    if (replay.state !== 'running') continue;
    const advice = `sluice replay show ${replay.id}; live traffic goes on meanwhile, and sluice replay pause or cancel ends it.`;
    const standing = replay.progress.lanes.find((lane) => lane.trouble !== undefined);
    if (standing !== undefined)
      return trouble(where, check, `lane ${standing.lane} of ${replay.id} stands still: ${standing.trouble}`, advice);
    const last = earlier.get(replay.id);
    if (last?.state === 'running' && last.progress.lanes.length > 0 && !hasMoved(last, replay))
      return trouble(where, check, `${replay.id} is running, and nothing of it moved between two looks`, advice);
  }
  return well(where, check, underWay(after, ['running', 'paused', 'approved', 'planned']));
}

function hasMoved(before: ReplayView, after: ReplayView): boolean {
  return JSON.stringify(before.progress) !== JSON.stringify(after.progress);
}

/** Rebuilds under way; those that failed before `since` are known by now. */
export function rebuildsDiagnosis(
  byService: readonly (readonly [ServiceName, readonly RebuildView[]])[],
  since: Date,
): Diagnosis {
  const check = 'rebuilds';
  for (const [service, rebuilds] of byService) {
    const failed = rebuilds.find(
      ({ state, finishedAt, plannedAt }) => state === 'failed' && new Date(finishedAt ?? plannedAt) >= since,
    );
    if (failed === undefined) continue;
    const found = `${failed.readModel} failed: ${failed.failure ?? 'no reason was recorded'}`;
    return trouble(service, check, found, `sluice replay rebuild ${service} ${failed.readModel} begins again.`);
  }
  const all = byService.flatMap(([, rebuilds]) => rebuilds);
  return well('all services', check, underWay(all, ['running', 'paused', 'planned']));
}

/** `running 1, planned 2`, or `none under way`. */
function underWay(all: readonly { state: string }[], states: readonly string[]): string {
  const words = states.flatMap((state) => {
    const count = all.filter((one) => one.state === state).length;
    return count === 0 ? [] : [`${state} ${count}`];
  });
  return words.length === 0 ? 'none under way' : words.join(', ');
}
