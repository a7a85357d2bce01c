import { verifyRange } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { naturalArgument } from '../arguments/parse.js';
import { EXIT } from '../exit-codes.js';
import { Failure, usageFailure } from '../failure.js';
import { openSource } from '../log/source.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { verdict } from './report.js';

export function verifyRangeCommand(perform: Perform): Command {
  return new Command('range')
    .description(
      'Verifies some leaves of a log, reading no more than is needed. Exit code 7 if the log ends before the range.',
    )
    .argument('<source>', 'folder or address of the log')
    .argument('<from>', 'index of the first leaf', naturalArgument)
    .argument('<to>', 'index after the last leaf', naturalArgument)
    .addOption(keyOption())
    .addHelpText('after', examples(['sluice verify range https://audit.sluice.example/log/ 1000 2000 --key log.vkey']))
    .action(
      perform(async (session, place: string, from: number, to: number, options: KeyOption) => {
        if (from >= to) throw usageFailure('a range ends after it begins');
        const log = await keyOf(options);
        const report = await verifyRange({ source: await openSource(place), log, from, to });
        const isSigned = report.root !== '';
        if (isSigned && report.findingCount === 0 && from >= report.size) {
          throw new Failure(EXIT.notFound, `the log has ${report.size} leaves: there is nothing from ${from} on`);
        }
        const end = Math.min(to, report.size);
        await session.output.report({ log: log.name, from, to: end, ...report }, (colours) => {
          const range = isSigned ? `${from} to ${end - 1}, of ${report.size}` : undefined;
          return verdict(
            [
              ['log', log.name],
              ['leaves', range],
              ['root', report.root || undefined],
            ],
            report,
            colours,
          );
        });
        if (report.findingCount === 0 && end < to) {
          session.note(`The log ends at ${end}: leaves ${end} to ${to - 1} do not exist yet.`);
          return EXIT.partlyDone;
        }
        return exitOfFindings(report.findings);
      }),
    );
}
