import type { Column } from '../output/table.js';
import type { ParkedPerson } from './parked-changes.js';

/** What was done, or would be, with what is parked of one person. */
export interface Settlement extends ParkedPerson {
  action: 'retry' | 'discard';
  outcome: 'planned' | 'accepted' | 'failed';
  /** Why it failed. */
  detail?: string;
}

export const SETTLEMENT_COLUMNS: readonly Column<Settlement>[] = [
  { title: 'SUBJECT', of: ({ subject }) => subject },
  { title: 'CHANGES', of: ({ changes }) => changes, align: 'right' },
  { title: 'SINCE', of: ({ since }) => since },
  { title: 'REASON', of: ({ reason }) => reason },
  { title: 'ACTION', of: ({ action }) => action },
  {
    title: 'OUTCOME',
    of: ({ outcome }) => outcome,
    paint: ({ outcome }, { red, green, dim }) => (outcome === 'failed' ? red : outcome === 'accepted' ? green : dim),
  },
  { title: 'DETAIL', of: ({ detail }) => detail },
];
