import { Command } from 'commander';
import type { Perform } from '../session.js';
import { asOfCommand } from './as-of/as-of.command.js';
import { rebuildCommand } from './rebuild/rebuild.command.js';
import { listReplaysCommand } from './redeliver/list-replays.command.js';
import { moveReplayCommand } from './redeliver/move-replay.command.js';
import { planRedeliveryCommand } from './redeliver/plan-redelivery.command.js';
import { runReplayCommand } from './redeliver/run-replay.command.js';
import { showReplayCommand } from './redeliver/show-replay.command.js';
import { whatIfCommand } from './what-if/what-if.command.js';

/** Every command of the group, one line each. */
export function replayCommand(perform: Perform): Command {
  return new Command('replay')
    .summary('history once more: rebuild, redeliver, look back, try out')
    .description(
      'Works on recorded history: rebuilds a read model, redelivers to a recipient, shows what could be seen at a past time, tries a\npolicy out. What releases data is planned, approved by a second person, and carried out by its plan’s id.',
    )
    .addCommand(asOfCommand(perform))
    .addCommand(whatIfCommand(perform))
    .addCommand(rebuildCommand(perform))
    .addCommand(planCommand(perform))
    .addCommand(listReplaysCommand(perform))
    .addCommand(showReplayCommand(perform))
    .addCommand(moveReplayCommand(perform, 'approve'))
    .addCommand(runReplayCommand(perform, 'run'))
    .addCommand(moveReplayCommand(perform, 'pause'))
    .addCommand(runReplayCommand(perform, 'resume'))
    .addCommand(moveReplayCommand(perform, 'cancel'));
}

/** What releases data is planned first. */
function planCommand(perform: Perform): Command {
  return new Command('plan')
    .summary('plan what needs an approval')
    .description('Plans what releases data. Nothing goes out before a second person has approved the plan.')
    .addCommand(planRedeliveryCommand(perform));
}
