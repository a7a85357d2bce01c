import { ATTRIBUTE_CODES, HISTORY_KINDS, OUTCOMES, PURPOSE_CODES } from '@sluice/contracts';
import { Command, Option } from 'commander';
import { examples } from '../arguments/examples.js';
import { countArgument, dayOrInstantArgument, subjectArgument } from '../arguments/parse.js';
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
    .addOption(new Option('--attribute <code>', 'only what touched this attribute').choices(ATTRIBUTE_CODES))
    .addOption(new Option('--purpose <code>', 'only what this purpose was given for').choices(PURPOSE_CODES))
    .addOption(new Option('--outcome <outcome>', 'only decisions of this outcome').choices(OUTCOMES))
    .option('--from <time>', 'from this day or instant on (UTC)', dayOrInstantArgument)
    .option('--to <time>', 'before this day or instant (UTC)', dayOrInstantArgument)
    .option('--search <word>', 'in codes, and in labels in English and Chinese')
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
        [
          'sluice history SUBJECT --attribute mobilePhone --from 2026-11-01 --to 2026-12-01',
          'one attribute in a month',
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
