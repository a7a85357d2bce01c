import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { countArgument, naturalArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import { usageFailure } from '../failure.js';
import { type Progress, startProgress } from '../output/progress.js';
import type { Perform } from '../session.js';
import { ENTRY_COLUMNS } from './columns.js';
import { entries, type LogEntry, sizeOf } from './entries.js';
import { type SourceOption, sourceOf, sourceOption } from './source-option.js';

interface SearchOptions extends SourceOption {
  regex?: boolean;
  from: number;
  to?: number;
  limit?: number;
}

export function searchLogCommand(perform: Perform): Command {
  return new Command('search')
    .description('Shows the entries that contain a text, oldest first. Exit code 5 if there are none.')
    .argument('<text>', 'what to look for')
    .option('--regex', 'the text is a regular expression (ECMAScript)')
    .option('--from <index>', 'first entry to look at', naturalArgument, 0)
    .option('--to <index>', 'entry after the last to look at', naturalArgument)
    .option('--limit <n>', 'end after so many', countArgument)
    .addOption(sourceOption())
    .addHelpText(
      'after',
      examples(
        ['sluice log search parked-changes-discard'],
        ["sluice log search --regex 'refused.*beacon-credit' --from 100000 -o jsonl"],
      ),
    )
    .action(
      perform(async (session, text: string, options: SearchOptions) => {
        const matches = matcher(text, options.regex === true);
        const source = await sourceOf(session, options);
        const size = await sizeOf(source);
        const [from, to] = [options.from, Math.min(options.to ?? size, size)];
        // Beside hits that run over the same screen, progress would only be in the way.
        const progress = session.terminal.stdout.isTTY ? undefined : startProgress(session.terminal, 'Searching');
        const hits = search(entries(source, from, to, size), matches, options.limit, to, progress);
        const found = await session.output
          .rows(hits, ENTRY_COLUMNS, 'No entry contains it.')
          .finally(() => progress?.end());
        return found > 0 ? EXIT.done : EXIT.notFound;
      }),
    );
}

async function* search(
  portions: AsyncIterable<LogEntry[]>,
  matches: (text: string) => boolean,
  limit = Number.POSITIVE_INFINITY,
  end: number,
  progress?: Progress,
): AsyncGenerator<LogEntry[]> {
  let left = limit;
  for await (const portion of portions) {
    const hits = portion.filter(({ entry }) => entry !== undefined && matches(entry)).slice(0, left);
    if (hits.length > 0) yield hits;
    left -= hits.length;
    if (left <= 0) return;
    progress?.update(() => `entry ${portion.at(-1)?.index} of ${end}`);
  }
}

function matcher(text: string, isRegex: boolean): (entry: string) => boolean {
  if (!isRegex) return (entry) => entry.includes(text);
  try {
    const expression = new RegExp(text, 'u');
    return (entry) => expression.test(entry);
  } catch (error) {
    throw usageFailure((error as Error).message);
  }
}
