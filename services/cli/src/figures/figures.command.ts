import { type PublicFigures, readFigures } from '@sluice/contracts';
import { Command } from 'commander';
import { examples } from '../arguments/examples.js';
import { EXIT } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import type { Perform } from '../session.js';

/** A line of the table: one purpose of an agency, or a sum. */
interface Line {
  agency: string;
  purpose: string;
  released: number | null;
  refused: number | null;
  withdrawn: number | null;
}

const shown = (count: number | null) => (count === null ? '-' : String(count));

const COLUMNS: readonly Column<Line>[] = [
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  { title: 'RELEASED', of: ({ released }) => shown(released), align: 'right' },
  { title: 'REFUSED', of: ({ refused }) => shown(refused), align: 'right' },
  { title: 'WITHDRAWN', of: ({ withdrawn }) => shown(withdrawn), align: 'right' },
];

export function figuresCommand(perform: Perform): Command {
  return new Command('figures')
    .summary('what happened in a month, without persons')
    .description(
      'Releases, refusals and withdrawals by agency and purpose, as they are open to anyone: no token is needed. Small counts are not shown (-), nor what would give them away.',
    )
    .option('--month <month>', 'such as 2026-11, in UTC; the present one unless given')
    .addHelpText('after', examples(['sluice figures --month 2026-11'], ['sluice figures -o json | jq .withdrawalTime']))
    .action(
      perform(async (session, { month }: { month?: string }) => {
        const figures = await session.services().call(readFigures, 'auditor', { query: { month } });
        if (session.output.isTable) {
          await session.output.rows([linesOf(figures)], COLUMNS, 'No figures.');
          for (const note of notesOf(figures)) session.note(note);
        } else await session.output.report(figures, () => '');
        return EXIT.done;
      }),
    );
}

function linesOf({ agencies, purposes, total }: PublicFigures): Line[] {
  if (agencies.length === 0) return [];
  return [
    ...agencies.flatMap(({ agency, purposes: own, ...sums }) => [
      ...own.map((line) => ({ agency, ...line })),
      { ...sums, agency, purpose: 'all' },
    ]),
    ...purposes.map((line) => ({ agency: 'all', ...line })),
    { agency: 'all', purpose: 'all', ...total },
  ];
}

function notesOf({ month, final, withdrawalTime }: PublicFigures): string[] {
  const running = `${month} is not over: counts are rounded down to tens.`;
  const times =
    withdrawalTime &&
    `Withdrawals took effect within ${withdrawalTime.p50Ms} ms (half) and ${withdrawalTime.p99Ms} ms (99 of 100).`;
  return [...(final ? [] : [running]), ...(times === undefined ? [] : [times])];
}
