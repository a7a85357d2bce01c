import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { spanArgument } from '../arguments/parse.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { startProgress } from '../output/progress.js';
import type { Perform } from '../session.js';
import type { Diagnosis } from './diagnosis.js';
import { examine } from './examine.js';
import { report } from './report.js';

const DAY_MS = 86_400_000;

export function doctorCommand(perform: Perform): Command {
  return new Command('doctor')
    .summary('what is wrong, and what to do')
    .description(
      'Looks at everything an operator would at three in the morning: whether each service lives and what it says of its parts,\npartitions that are halted or behind, parked changes, redeliveries and rebuilds, alarms, the age of the log’s newest checkpoint, clocks, room on\nthe disk of a local stack. Says for each trouble what to do. Changes nothing. Needs an operator’s token.\n\nExit code 1 if anything is wrong, 7 if nothing is wrong in what could be looked at.',
    )
    .option(
      '--alarms-since <span>',
      'alarms and failed rebuilds older than this are known by now',
      spanArgument,
      DAY_MS,
    )
    .addHelpText(
      'after',
      examples(
        ['sluice doctor'],
        ['sluice doctor -o jsonl | jq -r \'select(.state == "trouble") | .where + ": " + .found\''],
      ),
    )
    .action(
      perform(async (session, { alarmsSince }: { alarmsSince: number }) => {
        const progress = startProgress(session.terminal, 'Looking');
        const diagnoses = await examine(session.services(), alarmsSince).finally(() => progress.end());
        await session.output.list(diagnoses, (colours) => report(diagnoses, colours));
        return exitOf(diagnoses);
      }),
    );
}

/** What could not be looked at may hide anything: it is not done, and not known to be wrong. */
export function exitOf(diagnoses: readonly Diagnosis[]): ExitCode {
  if (diagnoses.some(({ state }) => state === 'trouble')) return EXIT.error;
  return diagnoses.some(({ state }) => state === 'unseen') ? EXIT.partlyDone : EXIT.done;
}
