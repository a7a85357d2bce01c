import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { CHANGE_COLUMNS, MOST_LISTED, parkedChanges } from './parked-changes.js';

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
        const changes = await parkedChanges(session.services());
        await session.output.rows([changes], CHANGE_COLUMNS, 'Nothing is parked.');
        if (changes.length >= MOST_LISTED) session.note(`These are the oldest ${MOST_LISTED}; there may be more.`);
        return EXIT.done;
      }),
    );
}
