import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { CHANGE_COLUMNS, parkedSeenBy } from './parked-changes.js';

export function listParkedCommand(perform: Perform): Command {
  return new Command('list')
    .description('Lists the parked changes, oldest first.')
    .addHelpText(
      'after',
      examples(
        ['sluice parked list'],
        ['sluice parked list -o jsonl | jq -r .reason | sort | uniq -c', 'what went wrong how often'],
      ),
    )
    .action(
      perform(async (session) => {
        const changes = await parkedSeenBy(session);
        await session.output.rows([changes], CHANGE_COLUMNS, 'Nothing is parked.');
        return EXIT.done;
      }),
    );
}
