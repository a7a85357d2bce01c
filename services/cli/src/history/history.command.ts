import { HISTORY_KINDS } from '@sluice/contracts';
import { Command, Option } from 'commander';
import { examples } from '../arguments/examples.js';
import { countArgument, subjectArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { HISTORY_COLUMNS } from './columns.js';
import { type HistoryFilter, HistoryPages } from './history-pages.js';
import { fetchHistoryProof, keepHistoryProof } from './history-proof.js';

const DEFAULT_LIMIT = 50;

interface HistoryOptions extends HistoryFilter {
  limit: number;
  all?: boolean;
  cursor?: string;
  proof?: string;
}

export function historyCommand(perform: Perform): Command {
  return new Command('history')
    .summary('who saw what of a person, when, why')
    .description(
      'Who did or received what of a person, when, why, under which grant; newest first.\nNeeds an auditor’s token, or the person’s own. The reading becomes part of the history.',
    )
    .argument('<subject>', 'the person', subjectArgument)
    .addOption(new Option('--kind <kind>', 'only this kind').choices(HISTORY_KINDS))
    .option('--agency <code>', 'only what this agency received, was refused or did')
    .option('--limit <n>', 'how many entries', countArgument, DEFAULT_LIMIT)
    .option('--all', 'every entry, however many')
    .option('--cursor <cursor>', 'go on where an earlier run ended')
    .option('--proof <file>', 'write all of it to a file, with a proof that it is complete: see sluice verify history')
    .addHelpText(
      'after',
      examples(
        ['sluice history 0190a000-0000-7000-8000-000000000101'],
        [
          'sluice history SUBJECT --kind refused --agency beacon-credit --all -o jsonl > refused.jsonl',
          'all that one agency was refused, a line each',
        ],
      ),
    )
    .action(
      perform(async (session, subject: string, options: HistoryOptions) => {
        if (options.proof !== undefined) {
          const proof = await fetchHistoryProof(session.services(), subject);
          await keepHistoryProof(options.proof, proof);
          session.note(
            `${options.proof} holds ${proof.rows.length} events; check it with: sluice verify history ${options.proof}`,
          );
          return EXIT.done;
        }
        const pages = new HistoryPages(session.services(), subject, options);
        const limit = options.all ? Number.POSITIVE_INFINITY : options.limit;
        await session.output.rows(pages.read(limit, options.cursor), HISTORY_COLUMNS, 'No entries.');
        if (pages.next !== undefined) session.note(`There is more: --all, or --cursor ${pages.next}`);
        return EXIT.done;
      }),
    );
}
