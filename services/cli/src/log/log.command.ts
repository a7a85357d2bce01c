import { Command } from 'commander';
import type { Perform } from '../session.js';
import { searchLogCommand } from './search-log.js';
import { showLogCommand } from './show-log.js';
import { tailLogCommand } from './tail-log.js';

export function logCommand(perform: Perform): Command {
  return new Command('log')
    .summary('read the audit log')
    .description(
      'Reads the entries of the audit log as they are served, from the audit service or from a copy. That they are what was\nsigned is for `sluice verify`.',
    )
    .addCommand(tailLogCommand(perform))
    .addCommand(showLogCommand(perform))
    .addCommand(searchLogCommand(perform));
}
