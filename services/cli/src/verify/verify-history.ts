import { historyProof } from '@sluice/contracts';
import { type HistoryReport, verifyHistory } from '@sluice/log-verifier';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import { HISTORY_COLUMNS } from '../history/columns.js';
import type { Perform } from '../session.js';
import { exitOfFindings } from './findings.js';
import { type KeyOption, keyOf, keyOption } from './key-option.js';
import { provenEntries } from './proven-entries.js';
import { readText } from './read-file.js';
import { cosignatures, verdict } from './report.js';
import { addWitnessOptions, type WitnessOptions, witnessPolicy } from './witness-options.js';

interface HistoryOptions {
  earlier?: string;
  entries?: boolean;
}

export function verifyHistoryCommand(perform: Perform): Command {
  const command = new Command('history')
    .description(
      'Verifies that a person’s history leaves nothing out, shows nothing else, and in the right order, reading nothing else\nthan the file: one that `sluice history SUBJECT --proof FILE` wrote.',
    )
    .argument('<file>', 'the history with its proof')
    .option('--earlier <file>', 'one of an earlier day: what it showed must still be there, as it was')
    .option('--entries', 'if nothing is wrong, print the entries, as the proven bytes say them')
    .addOption(keyOption());
  return addWitnessOptions(command)
    .addHelpText(
      'after',
      examples(
        ['sluice verify history mine.json --key log.vkey'],
        ['sluice verify history mine.json --key log.vkey --entries -o jsonl', 'and read it'],
        ['sluice verify history mine.json --earlier mine-2025.json --key log.vkey'],
      ),
    )
    .action(
      perform(async (session, file: string, options: HistoryOptions & KeyOption & WitnessOptions) => {
        const log = await keyOf(options);
        const policy = await witnessPolicy(options);
        const earlier = options.earlier === undefined ? undefined : await readText(options.earlier);
        const text = await readText(file);
        const report = verifyHistory({
          file: text,
          log,
          ...(policy && { policy }),
          ...(earlier !== undefined && { earlier }),
        });
        if (options.entries && report.findings.length === 0 && report.epoch !== undefined) {
          await session.output.rows(
            [provenEntries(historyProof.parse(JSON.parse(text)))],
            HISTORY_COLUMNS,
            'No entries.',
          );
          const withheld = report.withheld === 0 ? '' : `, ${report.withheld} of them withheld`;
          session.note(`Complete to ${new Date(report.epoch.madeAt).toISOString()}${withheld}.`);
          return EXIT.done;
        }
        await session.output.report({ log: log.name, ...document(report) }, (colours) =>
          verdict([['log', log.name], ...facts(report)], { ...report, findingCount: report.findings.length }, colours),
        );
        return exitOfFindings(report.findings);
      }),
    );
}

function document({ epoch, ...report }: HistoryReport) {
  return {
    ...report,
    ...(epoch && {
      epoch: epoch.epoch,
      root: epoch.root.toString('base64'),
      upTo: new Date(epoch.madeAt).toISOString(),
      covers: epoch.extents,
    }),
  };
}

function facts({ subject, rows, withheld, epoch, index, size, ...signers }: HistoryReport) {
  return [
    ['person', subject],
    ['events', rows],
    ['withheld', withheld === 0 ? undefined : `${withheld} of the entries: ask audit under which seal`],
    ['complete to', epoch && `${new Date(epoch.madeAt).toISOString()}, by the operator’s clock`],
    ['epoch', epoch?.epoch],
    ['index', index],
    ['of leaves', size],
    ['cosigned', size === undefined ? undefined : cosignatures(signers)],
  ] as const;
}
