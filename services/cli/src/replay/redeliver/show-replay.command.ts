import { readReplay } from '@sluice/contracts';
import { Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { EXIT } from '../../exit-codes.js';
import type { Perform } from '../../session.js';
import { replayArgument } from './replay-id.js';
import { showReplay } from './shown.js';

export function showReplayCommand(perform: Perform): Command {
  return new Command('show')
    .summary('a redelivery: its plan, its state, how far it has come')
    .description('Shows a redelivery: what was planned, who approved it, how far each lane has come.')
    .argument('<replay>', 'its id', replayArgument)
    .addHelpText('after', examples(['sluice replay show 0190a000-0000-7000-8000-000000000101']))
    .action(
      perform(async (session, replay: string) => {
        await showReplay(session, await session.services().call(readReplay, 'operator', { params: { replay } }));
        return EXIT.done;
      }),
    );
}
