import { Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { instantArgument, subjectArgument } from '../../arguments/parse.js';
import { EXIT } from '../../exit-codes.js';
import type { Perform } from '../../session.js';
import { lookBack } from './look-back.js';
import { shownLookBack } from './shown.js';

interface AsOfOptions {
  at: Date;
  agency?: string;
  profile: boolean;
}

export function asOfCommand(perform: Perform): Command {
  return new Command('as-of')
    .summary('what could be seen of a person at a past time')
    .description(
      'Which grants of a person stood at a time, what the accreditations allowed then, which attributes could therefore be\nreceived, and the profile as it was. By the times at which each service recorded its events; decided as delivery decides.\nThe person sees values; staff see codes, versions and times; an agency sees its own grants and names the person by its alias.\nEach look back is recorded, and shows in the person’s history.',
    )
    .argument('<subject>', 'the person', subjectArgument)
    .requiredOption('--at <time>', 'RFC 3339, with Z or an offset; not in the future', instantArgument)
    .option('--agency <code>', 'what this agency could see')
    .option('--no-profile', 'leave the profile out; an agency has to, for it is not shown to agencies')
    .addHelpText(
      'after',
      examples(
        ['sluice replay as-of 0190a000-0000-7000-8000-000000000101 --at 2026-11-01T00:00:00Z'],
        [
          'sluice replay as-of SUBJECT --at 2026-11-01T08:00:00+08:00 --agency beacon-credit -o json | jq .grants[].receives',
          'the attributes that one agency could receive',
        ],
        [
          'SLUICE_TOKEN=$(cat agency.jwt) sluice replay as-of ALIAS --at 2026-11-01T00:00:00Z --no-profile',
          'an agency looks back at its own grants',
        ],
      ),
    )
    .action(
      perform(async (session, subject: string, { at, agency, profile }: AsOfOptions) => {
        const found = await lookBack(session.services(), { subject, at, agency, profile });
        await session.output.report(found, (colours) => shownLookBack(found, colours));
        return EXIT.done;
      }),
    );
}
