import { verifyRange } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { naturalArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { plainText } from '../output/plain-text.js';
import type { Perform, Session } from '../session.js';
import { exitOfFindings, findingLines } from '../verify/findings.js';
import { type KeyOption, keyOf, keyOption } from '../verify/key-option.js';
import { entries, type LogEntry, logEntry, sizeOf } from './entries.js';
import { type SourceOption, sourceOf, sourceOption } from './source-option.js';

export function showLogCommand(perform: Perform): Command {
  return new Command('show')
    .description('Shows one entry, whole. With the log’s key it is proven to be what was signed.')
    .argument('<index>', 'of the entry, from 0', naturalArgument)
    .addOption(sourceOption())
    .addOption(keyOption())
    .addHelpText('after', examples(['sluice log show 1204'], ['sluice log show 1204 --key log.vkey -o json']))
    .action(
      perform(async (session, index: number, options: SourceOption & KeyOption) => {
        const source = await sourceOf(session, options);
        const size = await sizeOf(source);
        if (index >= size) throw new Failure(EXIT.notFound, `the log has ${size} entries; the last is ${size - 1}`);
        if (options.key === undefined) {
          session.note('Shown as served: --key proves it.');
          for await (const [entry] of entries(source, index, index + 1, size)) await show(session, entry);
          return EXIT.done;
        }
        let proven: LogEntry | undefined;
        const { findings, findingCount } = await verifyRange({
          source,
          log: await keyOf(options),
          from: index,
          to: index + 1,
          onEntry: (at, bytes) => {
            proven = logEntry(at, bytes);
          },
        });
        if (findingCount === 0) await show(session, proven);
        else for (const line of findingLines(findings, findingCount)) session.note(line);
        return exitOfFindings(findings);
      }),
    );
}

async function show(session: Session, shown: LogEntry | undefined): Promise<void> {
  if (shown !== undefined) await session.output.report(shown, () => plainText(shown.entry ?? `base64:${shown.base64}`));
}
