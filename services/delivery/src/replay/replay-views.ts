import type { ReplayView } from '@sluice/contracts';
import type { Pool } from 'pg';
import { expiryOf, type ReplayPlan } from '../domain/replay-plan.js';
import type { Planned } from './replay-plans.js';

const MOST_LISTED = 200;

const LIST = `select version, plan from delivery.replay order by planned_at desc, id limit ${MOST_LISTED}`;
const ONE = 'select version, plan from delivery.replay where id = $1';
const LANES_OF = `select replay, lane, next, ends, delivered, refused, skipped, done, trouble from delivery.replay_lane
  where replay = any($1::uuid[]) order by lane`;

interface LaneRow {
  replay: string;
  lane: number;
  next: string;
  ends: string;
  delivered: string;
  refused: string;
  skipped: string;
  done: boolean;
  trouble: string | null;
}

/** Replays as they are shown: the plan and how far its lanes have come. */
export class ReplayViews {
  constructor(private readonly pool: Pool) {}

  async list(): Promise<ReplayView[]> {
    const { rows } = await this.pool.query<Planned>(LIST);
    return this.of(rows);
  }

  async one(id: string): Promise<ReplayView | undefined> {
    const { rows } = await this.pool.query<Planned>(ONE, [id]);
    return (await this.of(rows))[0];
  }

  async of(planned: readonly Planned[]): Promise<ReplayView[]> {
    const ids = planned.map(({ plan }) => plan.id);
    const { rows } = await this.pool.query<LaneRow>(LANES_OF, [ids]);
    const lanes = Map.groupBy(rows, ({ replay }) => replay);
    return planned.map(({ plan, version }) => viewOf(plan, version, lanes.get(plan.id) ?? []));
  }
}

function viewOf(plan: ReplayPlan, version: number, lanes: readonly LaneRow[]): ReplayView {
  const { id, state, agency, extent, rate, reason, impact, plannedBy, plannedAt, approvedBy, approvedAt, endedAt } =
    plan;
  const expiresAt = expiryOf(plan);
  const sum = (column: 'delivered' | 'refused' | 'skipped') =>
    lanes.reduce((all, lane) => all + Number(lane[column]), 0);
  return {
    id,
    version,
    state,
    agency,
    extent,
    rate,
    reason,
    impact,
    plannedBy,
    plannedAt: timeText(plannedAt),
    ...(approvedBy !== undefined && { approvedBy }),
    ...(approvedAt !== undefined && { approvedAt: timeText(approvedAt) }),
    ...(expiresAt !== undefined && { expiresAt: timeText(expiresAt) }),
    ...(endedAt !== undefined && { endedAt: timeText(endedAt) }),
    progress: {
      delivered: sum('delivered'),
      refused: sum('refused'),
      skipped: sum('skipped'),
      lanes: lanes.map(({ lane, next, ends, done, trouble }) => ({
        lane,
        next,
        end: ends,
        done,
        ...(trouble !== null && { trouble }),
      })),
    },
  };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
