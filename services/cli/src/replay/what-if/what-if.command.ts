import { Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { instantArgument } from '../../arguments/parse.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { usageFailure } from '../../failure.js';
import { startProgress } from '../../output/progress.js';
import type { Perform, Session } from '../../session.js';
import { readProposal } from './proposal-file.js';
import { PERSON_COLUMNS, shownTrial } from './shown.js';
import { PolicyTrial } from './trial.js';

interface WhatIfOptions {
  from?: Date;
  to?: Date;
  persons?: boolean;
}

const FORM = `
A proposal, in YAML or JSON:
  title: Beacon without income bands
  changes:
    - { kind: narrow-accreditation, agency: beacon-credit, purpose: credit-assessment, remove: [incomeBand] }
    - { kind: suspend-agency, agency: harbour-bank }
Kinds: narrow-accreditation (agency, purpose, remove; without remove the whole purpose), widen-accreditation (agency,
purpose, add), suspend-agency, restore-agency, revoke-accreditation (agency), narrow-purpose (purpose, remove),
withdraw-grants (agency, purpose). They hold one after the other, over the whole range.
`;

export function whatIfCommand(perform: Perform): Command {
  return new Command('what-if')
    .summary('what a policy would have changed')
    .description(
      'Decides the recorded history again as if a policy had held, and counts what would have been otherwise, and today’s grants\nthat it would touch. Changes nothing and sends nothing; Ctrl-C ends it at any time. Recorded with the title of the proposal.\nNeeds an operator’s or a supervisor’s token.',
    )
    .argument('<file>', 'the proposal')
    .option('--from <time>', 'decisions from this time on (default: from the beginning)', instantArgument)
    .option('--to <time>', 'decisions before this time (default: now)', instantArgument)
    .option('--persons', 'list whom it would have concerned instead of counting')
    .addHelpText(
      'after',
      FORM +
        examples(
          ['sluice replay what-if policy.yaml --from 2026-11-01T00:00:00Z'],
          ['sluice replay what-if policy.yaml --persons -o jsonl > concerned.jsonl', 'whom, by the registry’s ids'],
        ),
    )
    .action(
      perform(async (session, file: string, { from, to = new Date(), persons }: WhatIfOptions) => {
        if (from !== undefined && from >= to) throw usageFailure('--from must be before --to, and not in the future');
        const trial = new PolicyTrial(session.services(), readProposal(file), { from, to });
        return persons ? listPersons(session, trial) : report(session, trial);
      }),
    );
}

async function report(session: Session, trial: PolicyTrial): Promise<ExitCode> {
  const today = await trial.today();
  const progress = startProgress(session.terminal, 'deciding again');
  try {
    for await (const _ of trial.persons(progress));
  } finally {
    progress.end();
  }
  const result = trial.result(today);
  await session.output.report(result, (colours) => shownTrial(result, colours));
  return endingOf(session, result.history.notReproduced);
}

async function listPersons(session: Session, trial: PolicyTrial): Promise<ExitCode> {
  const today = await trial.today();
  const progress = startProgress(session.terminal, 'deciding again');
  try {
    await session.output.rows(trial.persons(progress), PERSON_COLUMNS, 'It would have concerned nobody.');
  } finally {
    progress.end();
  }
  return endingOf(session, trial.result(today).history.notReproduced);
}

/** The counts hold only where deciding again gives what is recorded. */
function endingOf(session: Session, notReproduced: number): ExitCode {
  if (notReproduced === 0) return EXIT.done;
  session.note(
    `${notReproduced} decisions came out otherwise although nothing was otherwise; the policy was not tried on them.`,
  );
  return EXIT.partlyDone;
}
