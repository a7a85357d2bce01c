import { setTimeout as pause } from 'node:timers/promises';
import type { LogSource } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { naturalArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import type { Perform } from '../session.js';
import { ENTRY_COLUMNS } from './columns.js';
import { entries, type LogEntry, sizeOf } from './entries.js';
import { type SourceOption, sourceOf, sourceOption } from './source-option.js';

const DEFAULT_LINES = 20;
/** As often as the log integrates. */
const FOLLOW_EVERY_MS = 1_000;

interface TailOptions extends SourceOption {
  lines: number;
  follow?: boolean;
}

export function tailLogCommand(perform: Perform): Command {
  return new Command('tail')
    .description('Shows the newest entries.')
    .option('-n, --lines <n>', 'how many', naturalArgument, DEFAULT_LINES)
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .addOption(sourceOption())
    .addHelpText('after', examples(['sluice log tail'], ['sluice log tail -n 0 -f -o jsonl | grep refused']))
    .action(
      perform(async (session, options: TailOptions) => {
        const source = await sourceOf(session, options);
        const portions = tail(source, options.lines, options.follow === true);
        await session.output.rows(portions, ENTRY_COLUMNS, 'The log is empty.');
        return EXIT.done;
      }),
    );
}

async function* tail(source: LogSource, lines: number, follow: boolean): AsyncGenerator<LogEntry[]> {
  let size = await sizeOf(source);
  yield* entries(source, Math.max(0, size - lines), size, size);
  while (follow) {
    await pause(FOLLOW_EVERY_MS);
    const grown = await sizeOf(source);
    yield* entries(source, size, grown, grown);
    size = Math.max(size, grown);
  }
}
