import { Command } from 'commander';
import type { Perform } from '../session.js';
import { verifyConsistencyCommand } from './verify-consistency.js';
import { verifyHistoriesCommand } from './verify-histories.js';
import { verifyHistoryCommand } from './verify-history.js';
import { verifyLogCommand } from './verify-log.js';
import { verifyRangeCommand } from './verify-range.js';
import { verifyReceiptCommand } from './verify-receipt.js';

export function verifyCommand(perform: Perform): Command {
  return new Command('verify')
    .summary('prove that the audit log is what it was')
    .description(
      'Checks the audit log offline, over a folder or an address, trusting neither the services nor whoever runs them: only the\nlog’s public key. Needs no token. Exit code 3 if anything is found.',
    )
    .addCommand(verifyLogCommand(perform))
    .addCommand(verifyRangeCommand(perform))
    .addCommand(verifyReceiptCommand(perform))
    .addCommand(verifyHistoryCommand(perform))
    .addCommand(verifyHistoriesCommand(perform))
    .addCommand(verifyConsistencyCommand(perform));
}
