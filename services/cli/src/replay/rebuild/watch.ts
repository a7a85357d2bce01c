import { setTimeout as sleep } from 'node:timers/promises';
import type { RebuildView } from '@sluice/contracts';
import { EXIT } from '../../exit-codes.js';
import { Failure } from '../../failure.js';
import { startProgress } from '../../output/progress.js';
import type { Session } from '../../session.js';

const LOOK_EVERY_MS = 300;
/** A service that restarts goes on with the rebuild: it is waited for. */
const AWAY_MS = 60_000;

/** Shows how a rebuild gets on until it stands still. @throws {Failure} when the service stays away */
export async function watch(session: Session, read: () => Promise<RebuildView>): Promise<RebuildView> {
  const progress = startProgress(session.terminal, 'rebuilding');
  let heardAt = performance.now();
  try {
    for (;;) {
      try {
        const rebuild = await read();
        heardAt = performance.now();
        progress.update(() => line(rebuild));
        if (rebuild.state !== 'running') return rebuild;
      } catch (error) {
        const away = error instanceof Failure && error.exitCode === EXIT.error;
        if (!away || performance.now() - heardAt > AWAY_MS) throw error;
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    progress.end();
  }
}

function line({ phase, progress, extent, differences }: RebuildView): string {
  const { altered, missing, added } = differences;
  if (phase === 'filling') return `${progress.events} of about ${extent.events} events read`;
  return `${progress.rows} of about ${extent.rows} rows compared, ${altered + missing + added} differ`;
}
