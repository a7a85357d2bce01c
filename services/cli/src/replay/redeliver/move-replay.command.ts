import { approveReplay, cancelReplay, pauseReplay } from '@sluice/contracts';
import { Command } from 'commander';
import type { ActingRole } from '../../access/local-stack.js';
import { examples } from '../../arguments/examples.js';
import { EXIT } from '../../exit-codes.js';
import type { Perform } from '../../session.js';
import { replayArgument } from './replay-id.js';
import { showReplay } from './shown.js';

/** Steps that are done as soon as they are answered. */
const STEPS = {
  approve: {
    endpoint: approveReplay,
    role: 'supervisor',
    summary: 'let a planned redelivery run, as a supervisor',
    description:
      'Lets a planned redelivery run. Needs the token of a supervisor who is not the one who planned it. It has to be started\nwithin 24 hours.',
  },
  pause: {
    endpoint: pauseReplay,
    role: 'operator',
    summary: 'hold a running redelivery',
    description:
      'Holds a running redelivery: within about a second nothing more of it goes out. It can go on within 24 hours, where it\nstands.',
  },
  cancel: {
    endpoint: cancelReplay,
    role: 'operator',
    summary: 'give a redelivery up',
    description: 'Gives a redelivery up for good. What was sent stays sent.',
  },
} as const satisfies Record<string, { endpoint: object; role: ActingRole; summary: string; description: string }>;

export function moveReplayCommand(perform: Perform, step: keyof typeof STEPS): Command {
  const { endpoint, role, summary, description } = STEPS[step];
  return new Command(step)
    .summary(summary)
    .description(`${description} Recorded with your name.`)
    .argument('<replay>', 'its id', replayArgument)
    .addHelpText('after', examples([`sluice replay ${step} 0190a000-0000-7000-8000-000000000101`]))
    .action(
      perform(async (session, replay: string) => {
        await showReplay(session, await session.services().call(endpoint, role, { params: { replay } }));
        return EXIT.done;
      }),
    );
}
