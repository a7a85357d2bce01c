import { planReplay, REPLAY_DEFAULT_RATE, type ReplayExtent } from '@sluice/contracts';
import { Command } from 'commander';
import { examples } from '../../arguments/examples.js';
import { countArgument, naturalArgument } from '../../arguments/parse.js';
import { EXIT } from '../../exit-codes.js';
import { usageFailure } from '../../failure.js';
import type { Perform } from '../../session.js';
import { showReplay } from './shown.js';

interface PlanOptions {
  lane?: number;
  from?: number;
  to?: number;
  entitled?: boolean;
  rate: number;
  reason: string;
}

export function planRedeliveryCommand(perform: Perform): Command {
  return new Command('redeliver')
    .summary('send an agency again what it should have')
    .description(
      'Plans to send an agency once more a range of one lane, or the present values of everything it is entitled to today. Shows\nwhat that would do; sends nothing. What goes out is decided when it goes out, under the grants of that moment, and is marked\nas a replay. Needs an operator’s token.',
    )
    .argument('<agency>', 'its code')
    .option('--lane <number>', 'the lane of the range', naturalArgument)
    .option('--from <sequence>', 'first delivery of the range', countArgument)
    .option('--to <sequence>', 'last delivery of the range', countArgument)
    .option('--entitled', 'instead of a range: all present values it is entitled to')
    .option('--rate <events>', 'source events a second, at most', countArgument, REPLAY_DEFAULT_RATE)
    .requiredOption('--reason <text>', 'why, for the record; no personal data')
    .addHelpText(
      'after',
      examples(
        [
          'sluice replay plan redeliver harbour-bank --lane 3 --from 1200 --to 1900 --reason "their store was lost, ticket 4711"',
        ],
        ['sluice replay plan redeliver harbour-bank --entitled --rate 500 --reason "rebuilds its customer base"'],
      ),
    )
    .action(
      perform(async (session, agency: string, options: PlanOptions) => {
        const { rate, reason } = options;
        const body = { agency, extent: extentOf(options), rate, reason };
        const read = planReplay.body?.safeParse(body);
        if (read?.error)
          throw usageFailure(read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
        const replay = await session.services().call(planReplay, 'operator', { body });
        await showReplay(session, replay);
        session.note(`Nothing was sent. A supervisor may let it run: sluice replay approve ${replay.id}`);
        return EXIT.done;
      }),
    );
}

function extentOf({ lane, from, to, entitled = false }: PlanOptions): ReplayExtent {
  const given = [lane, from, to].filter((one) => one !== undefined).length;
  if (entitled && given === 0) return { kind: 'entitled' };
  if (entitled || lane === undefined || from === undefined || to === undefined) {
    throw usageFailure('give a range with --lane, --from and --to, or --entitled');
  }
  return { kind: 'range', lane, from, to };
}
