import { REBUILD_ENDPOINTS, type RebuildDifference, type RebuildView, type ServiceName } from '@sluice/contracts';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { type Column, Table } from '../../output/table.js';
import type { Session } from '../../session.js';

/** Differences shown; the service keeps all. */
const SHOWN = 100;

const MODEL_COLUMNS: readonly Column<{ readModel: string; source: string }>[] = [
  { title: 'READ MODEL', of: ({ readModel }) => readModel },
  { title: 'MADE FROM', of: ({ source }) => source },
];

const PLAN_COLUMNS: readonly Column<RebuildView>[] = [
  { title: 'PLAN', of: ({ rebuild }) => rebuild },
  { title: 'READ MODEL', of: ({ readModel }) => readModel },
  { title: 'STATE', of: ({ state }) => state },
  { title: 'EVENTS', of: ({ extent }) => extent.events, align: 'right' },
  { title: 'ROWS', of: ({ extent }) => extent.rows, align: 'right' },
  { title: 'BY', of: ({ plannedBy }) => plannedBy },
  { title: 'PLANNED', of: ({ plannedAt }) => plannedAt },
];

const DIFFERENCE_COLUMNS: readonly Column<RebuildDifference>[] = [
  { title: 'KEY', of: ({ key }) => key.join(' ') },
  { title: 'LIVE ROW', of: ({ kind }) => kind },
  { title: 'COLUMNS', of: ({ columns }) => columns.join(' ') },
  {
    title: 'MENDED',
    of: ({ mended }) => (mended ? 'yes' : 'no'),
    paint: ({ mended }, { green, red }) => (mended ? green : red),
  },
];

export async function showModels(
  session: Session,
  models: readonly { readModel: string; source: string }[],
): Promise<void> {
  await session.output.rows([models], MODEL_COLUMNS, 'This service has no read model that can be rebuilt.');
}

export async function showPlans(session: Session, plans: readonly RebuildView[]): Promise<ExitCode> {
  await session.output.rows([plans], PLAN_COLUMNS, '');
  return EXIT.done;
}

/** What a rebuild came to, and how the run ends. */
export async function report(session: Session, service: ServiceName, rebuild: RebuildView): Promise<ExitCode> {
  const found = await session.services().call(REBUILD_ENDPOINTS[service].differences, 'operator', {
    params: { rebuild: rebuild.rebuild },
    query: { limit: SHOWN },
  });
  const document = { ...rebuild, differing: found.differences };
  await session.output.report(document, (colours) => {
    const rows = found.differences.length === 0 ? [] : new Table(DIFFERENCE_COLUMNS, colours).lines(found.differences);
    return [...rows, summary(rebuild, found.differences.length)].join('\n');
  });
  return endOf(rebuild);
}

function summary({ readModel, state, progress, differences }: RebuildView, shown: number): string {
  const { altered, missing, added, mended } = differences;
  const all = altered + missing + added;
  const read = `${readModel}: ${state}, ${progress.events} events read`;
  if (all === 0) return `${read}, no row differs.`;
  const more = all > shown ? ` The first ${shown} are shown.` : '';
  return `${read}, ${altered} rows altered, ${missing} missing, ${added} added; ${mended} of ${all} mended.${more}`;
}

function endOf({ state, swap, differences }: RebuildView): ExitCode {
  const { altered, missing, added, mended } = differences;
  const left = altered + missing + added - mended;
  if (state !== 'done') return EXIT.partlyDone;
  if (left === 0) return EXIT.done;
  return swap ? EXIT.partlyDone : EXIT.verificationFailed;
}
