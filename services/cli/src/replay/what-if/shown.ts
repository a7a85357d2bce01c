import { type Column, Table } from '../../output/table.js';
import type { Colours } from '../../terminal.js';
import type { AffectedPerson, PolicyEffect } from './sums.js';
import type { Trial } from './trial.js';

type Touched = Trial['today']['touched'][number];

const COUNTS: readonly Column<{ refused: number; narrowed: number; widened: number }>[] = [
  { title: 'REFUSED', of: ({ refused }) => refused, align: 'right' },
  { title: 'NARROWED', of: ({ narrowed }) => narrowed, align: 'right' },
  { title: 'WIDENED', of: ({ widened }) => widened, align: 'right' },
];

export const PERSON_COLUMNS: readonly Column<AffectedPerson>[] = [
  { title: 'SUBJECT', of: ({ subject }) => subject },
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  ...COUNTS,
];

const EFFECT_COLUMNS: readonly Column<PolicyEffect>[] = [
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  ...COUNTS,
  { title: 'PERSONS', of: ({ persons }) => persons, align: 'right' },
  {
    title: 'ATTRIBUTES',
    of: ({ attributes }) =>
      attributes
        .flatMap(({ attribute, withheld, released }) => [
          ...(withheld > 0 ? [`-${attribute} ${withheld}`] : []),
          ...(released > 0 ? [`+${attribute} ${released}`] : []),
        ])
        .join(', '),
  },
];

const TOUCHED_COLUMNS: readonly Column<Touched>[] = [
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  { title: 'ACTIVE GRANTS', of: ({ active }) => active, align: 'right' },
  { title: 'STOPPED', of: ({ stopped }) => stopped, align: 'right' },
  { title: 'NARROWED', of: ({ narrowed }) => narrowed, align: 'right' },
  { title: 'WIDENED', of: ({ widened }) => widened, align: 'right' },
];

export function shownTrial({ title, from, to, today, history }: Trial, colours: Colours): string {
  const { effects, decisions, delivered, persons, batches } = history;
  const parts = [
    colours.bold(title),
    '',
    `Decided again: ${decisions} decisions, ${delivered} of them deliveries, in ${batches} batches from ${from ?? 'the beginning'} to ${to}.`,
  ];
  if (effects.length === 0) parts.push('Nothing would have been otherwise.');
  else parts.push(`Otherwise for ${persons} persons:`, ...new Table(EFFECT_COLUMNS, colours).lines(effects));
  parts.push('', `Active grants it would touch at ${today.at}:`);
  if (today.touched.length === 0) parts.push('None.');
  else parts.push(...new Table(TOUCHED_COLUMNS, colours).lines(today.touched));
  return parts.join('\n');
}
