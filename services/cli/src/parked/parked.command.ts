import { Command } from 'commander';
import type { Perform } from '../session.js';
import { listParkedCommand } from './list-parked.js';
import { settleParkedCommand } from './settle-parked.js';
import { showParkedCommand } from './show-parked.js';

export function parkedCommand(perform: Perform): Command {
  return new Command('parked')
    .summary('changes that could not be decided')
    .description(
      'Changes that delivery could not decide, and those of the same persons that wait behind them. Nothing of these persons\nis released meanwhile; stops pass. Needs an operator’s token.',
    )
    .addCommand(listParkedCommand(perform))
    .addCommand(showParkedCommand(perform))
    .addCommand(settleParkedCommand(perform, 'retry'))
    .addCommand(settleParkedCommand(perform, 'discard'));
}
