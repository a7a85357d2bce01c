import { Command } from 'commander';
import type { Perform } from '../session.js';
import { asOfCommand } from './as-of/as-of.command.js';
import { rebuildCommand } from './rebuild/rebuild.command.js';

/** Every command of the group, one line each. */
export function replayCommand(perform: Perform): Command {
  return new Command('replay')
    .summary('history once more: rebuild, redeliver, look back, try out')
    .description(
      'Works on recorded history: rebuilds a read model, redelivers to a recipient, shows what could be seen at a past time, tries a\npolicy out. What releases data is planned, approved by a second person, and carried out by its plan’s id.',
    )
    .addCommand(asOfCommand(perform))
    .addCommand(rebuildCommand(perform));
}
