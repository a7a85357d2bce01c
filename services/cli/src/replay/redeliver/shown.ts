import type { ReplayState, ReplayView } from '@sluice/contracts';
import type { Column } from '../../output/table.js';
import type { Session } from '../../session.js';
import type { Colours } from '../../terminal.js';

export const REPLAY_COLUMNS: readonly Column<ReplayView>[] = [
  { title: 'REPLAY', of: ({ id }) => id },
  { title: 'STATE', of: ({ state }) => state, paint: ({ state }, colours) => stateColour(state, colours) },
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'EXTENT', of: extentText },
  { title: 'DELIVERED', of: ({ progress }) => progress.delivered, align: 'right' },
  { title: 'REFUSED', of: ({ progress }) => progress.refused, align: 'right' },
  { title: 'BY', of: ({ plannedBy }) => plannedBy },
  { title: 'PLANNED', of: ({ plannedAt }) => plannedAt },
  { title: 'REASON', of: ({ reason }) => reason },
];

/** One replay, whole. */
export async function showReplay(session: Session, replay: ReplayView): Promise<void> {
  await session.output.report(replay, (colours) => replayText(replay, colours));
}

function replayText(replay: ReplayView, colours: Colours): string {
  const { impact, progress } = replay;
  const lines: [string, string | undefined][] = [
    ['replay', replay.id],
    [
      'state',
      stateColour(replay.state, colours)(replay.state) + (replay.expiresAt ? `, until ${replay.expiresAt}` : ''),
    ],
    ['agency', replay.agency],
    ['extent', extentText(replay)],
    ['rate', `${replay.rate} source events/s`],
    ['reason', replay.reason],
    ['planned', `${replay.plannedAt} by ${replay.plannedBy}`],
    ['approved', replay.approvedAt && `${replay.approvedAt} by ${replay.approvedBy}`],
    ['ended', replay.endedAt],
    ['impact', impactText(replay)],
    ...impact.refusals.map(({ outcome, count }): [string, string] => ['', `${count} refused: ${outcome}`]),
    ['sent', `${progress.delivered} delivered, ${progress.refused} refused, ${progress.skipped} skipped`],
    ...progress.lanes.map(({ lane, next, end, done, trouble }): [string, string] => [
      `lane ${lane}`,
      done ? 'done' : `at ${next}, ends before ${end}${trouble === undefined ? '' : `; ${colours.red(trouble)}`}`,
    ]),
  ];
  return lines
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => `${name.padEnd(10)}${text}`)
    .join('\n');
}

/** Under the grants of the moment it was planned. */
function impactText({ extent, impact }: ReplayView): string {
  const { sourceEvents, persons, deliveries } = impact;
  const from = sourceEvents === undefined ? '' : ` of ${sourceEvents} source events`;
  return `${extent.kind === 'range' ? '' : 'at most '}${deliveries} deliveries${from}, ${persons} persons, when planned`;
}

function extentText({ extent }: ReplayView): string {
  if (extent.kind === 'entitled') return 'present values of all it is entitled to';
  return `lane ${extent.lane}, ${extent.from} to ${extent.to}`;
}

function stateColour(state: ReplayState, { green, yellow, dim, cyan }: Colours): (text: string) => string {
  const colours: Record<ReplayState, (text: string) => string> = {
    planned: yellow,
    approved: yellow,
    running: cyan,
    paused: yellow,
    done: green,
    cancelled: dim,
  };
  return colours[state];
}
