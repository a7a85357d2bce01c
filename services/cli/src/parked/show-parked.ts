import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { subjectArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { byPerson, CHANGE_COLUMNS, parkedSeenBy, requireParked } from './parked-changes.js';

export function showParkedCommand(perform: Perform): Command {
  return new Command('show')
    .description('Shows the parked changes of one person: the one that could not be decided, and those behind it.')
    .argument('<subject>', 'the person', subjectArgument)
    .addHelpText('after', examples(['sluice parked show 0190a000-0000-7000-8000-000000000101']))
    .action(
      perform(async (session, subject: string) => {
        const changes = await parkedSeenBy(session);
        requireParked(byPerson(changes), [subject]);
        const own = changes.filter((change) => change.subject === subject);
        await session.output.rows([own], CHANGE_COLUMNS, '');
        return EXIT.done;
      }),
    );
}
