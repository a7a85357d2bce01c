import type { HistoryEntry } from '@sluice/contracts';
import type { Column } from '../output/table.js';

export const HISTORY_COLUMNS: readonly Column<HistoryEntry>[] = [
  { title: 'AT', of: ({ at }) => at },
  {
    title: 'KIND',
    of: ({ kind }) => kind,
    paint: ({ kind }, { red, green }) =>
      kind === 'refused' || kind === 'access-refused' ? red : kind === 'delivered' ? green : String,
  },
  { title: 'ACTOR', of: ({ actor }) => actor },
  { title: 'RECIPIENT', of: ({ recipient }) => recipient },
  { title: 'ATTRIBUTES', of: ({ attributes }) => attributes.join(',') },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  { title: 'BASIS', of: ({ basis }) => basis },
  { title: 'GRANT', of: ({ grant, grantVersion }) => grant && `${grant}${grantVersion ? ` v${grantVersion}` : ''}` },
  {
    title: 'LANE',
    of: ({ lane, sequence }) =>
      lane === undefined ? undefined : `${lane}${sequence === undefined ? '' : ` #${sequence}`}`,
  },
  {
    title: 'DETAIL',
    of: ({ outcome, detail, replay }) => [outcome, detail, replay && `replay ${replay}`].filter(Boolean).join(' '),
  },
];
