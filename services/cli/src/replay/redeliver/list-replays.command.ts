import { listReplays } from '@sluice/contracts';
import { Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { EXIT } from '../../exit-codes.js';
import type { Perform } from '../../session.js';
import { REPLAY_COLUMNS } from './shown.js';

export function listReplaysCommand(perform: Perform): Command {
  return new Command('list')
    .summary('the redeliveries')
    .description('Lists the redeliveries, newest first: the last 200.')
    .addHelpText(
      'after',
      examples(
        ['sluice replay list'],
        [`sluice replay list -o jsonl | jq -r 'select(.state == "planned") | .id'`, 'what waits for an approval'],
      ),
    )
    .action(
      perform(async (session) => {
        const { replays } = await session.services().call(listReplays, 'operator');
        await session.output.rows([replays], REPLAY_COLUMNS, 'Nothing was ever redelivered.');
        return EXIT.done;
      }),
    );
}
