import { parseCheckpoint, parseNote, verifyConsistency } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { usageFailure } from '../failure.js';
import { openSource } from '../log/source.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { readText } from './read-file.js';
import { verdict } from './report.js';

interface ConsistencyOptions extends KeyOption {
  source?: string;
}

export function verifyConsistencyCommand(perform: Perform): Command {
  return new Command('consistency')
    .description(
      'Verifies that two checkpoints of a log tell one history: that of an earlier day and that of today, or those of two\npeople who compare what they were shown.',
    )
    .argument('<old>', 'file of the one checkpoint')
    .argument('<new>', 'file of the other')
    .option('--source <place>', 'folder or address of the log; not needed for checkpoints of one size')
    .addOption(keyOption())
    .addHelpText(
      'after',
      examples([
        'sluice verify consistency monday.checkpoint friday.checkpoint --source https://audit.sluice.example/log/ --key log.vkey',
      ]),
    )
    .action(
      perform(async (session, older: string, newer: string, options: ConsistencyOptions) => {
        const log = await keyOf(options);
        const checkpoints = [await readText(older), await readText(newer)] as const;
        const [one, other] = checkpoints.map((note) => parseCheckpoint(parseNote(note)?.text ?? '')?.size);
        // What is no checkpoint is a finding, and needs no log to be found.
        if (options.source === undefined && one !== undefined && other !== undefined && one !== other) {
          throw usageFailure(`checkpoints of ${one} and ${other} leaves: give the log with --source`);
        }
        const by = options.source === undefined ? { proof: [] } : { source: await openSource(options.source) };
        const report = await verifyConsistency({ checkpoints, log, by });
        await session.output.report({ log: log.name, ...report }, (colours) =>
          verdict(
            [
              ['log', log.name],
              ['leaves', report.sizes?.join(' and ')],
            ],
            { ...report, findingCount: report.findings.length },
            colours,
          ),
        );
        return exitOfFindings(report.findings);
      }),
    );
}
