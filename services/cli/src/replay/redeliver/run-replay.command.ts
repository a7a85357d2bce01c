import { setTimeout as sleep } from 'node:timers/promises';
import { type ReplayView, readReplay, resumeReplay, runReplay } from '@sluice/contracts';
import { Command } from 'commander';
import type { ServiceClient } from '../../access/service-client.js';
import { examples } from '../../arguments/examples.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { Failure } from '../../failure.js';
import { startProgress } from '../../output/progress.js';
import type { Perform, Session } from '../../session.js';
import { replayArgument } from './replay-id.js';
import { showReplay } from './shown.js';

const LOOK_EVERY_MS = 500;
/** A service that restarts goes on with the replay: it is waited for. */
const AWAY_MS = 60_000;

const SUMMARIES = { run: 'start an approved redelivery', resume: 'let a paused redelivery go on' };
const DESCRIPTIONS = {
  run: 'Starts an approved redelivery and shows how it gets on until its end. Live traffic goes first.',
  resume: 'Lets a paused redelivery go on from where it stands, and shows how it gets on until its end.',
};

export function runReplayCommand(perform: Perform, step: 'run' | 'resume'): Command {
  return new Command(step)
    .summary(SUMMARIES[step])
    .description(`${DESCRIPTIONS[step]} Needs an operator’s token.`)
    .argument('<replay>', 'its id', replayArgument)
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      `${examples(
        [`sluice replay ${step} 0190a000-0000-7000-8000-000000000101`],
        [`sluice replay ${step} 0190a000-0000-7000-8000-000000000101 --no-wait`, 'and look later: sluice replay show'],
      )}
Exits with 0 when all of it went out; 7 when some of it was refused or skipped, or it was paused or cancelled on the way.
Ctrl-C stops watching, not the redelivery.
`,
    )
    .action(
      perform(async (session, replay: string, { wait }: { wait: boolean }) => {
        const services = session.services();
        const endpoint = step === 'run' ? runReplay : resumeReplay;
        const started = await services.call(endpoint, 'operator', { params: { replay } });
        const shown = wait ? await watch(session, services, started) : started;
        await showReplay(session, shown);
        return wait ? endOf(shown) : EXIT.done;
      }),
    );
}

async function watch(session: Session, services: ServiceClient, started: ReplayView): Promise<ReplayView> {
  const progress = startProgress(session.terminal, 'redelivering');
  let heardAt = performance.now();
  let replay = started;
  try {
    while (replay.state === 'running') {
      await sleep(LOOK_EVERY_MS);
      try {
        replay = await services.call(readReplay, 'operator', { params: { replay: started.id } });
        heardAt = performance.now();
        progress.update(() => line(replay));
      } catch (error) {
        const away = error instanceof Failure && error.exitCode === EXIT.error;
        if (!away || performance.now() - heardAt > AWAY_MS) throw error;
      }
    }
    return replay;
  } finally {
    progress.end();
  }
}

function line({ progress, impact }: ReplayView): string {
  const { delivered, refused, skipped, lanes } = progress;
  const lanesDone = lanes.filter(({ done }) => done).length;
  return `${delivered} delivered of about ${impact.deliveries}, ${refused + skipped} not, ${lanesDone} of ${lanes.length} lanes done`;
}

function endOf({ state, progress }: ReplayView): ExitCode {
  return state === 'done' && progress.refused + progress.skipped === 0 ? EXIT.done : EXIT.partlyDone;
}
