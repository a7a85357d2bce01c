import { ACCESS_ADMINISTERED, JSON_CONTENT, LANES } from '@sluice/contracts';
import type { Command, EventContext, EventStore, NewEvent, Outcome, SqlEffect } from '@sluice/event-store';
import { type Refusal, refuse } from '@sluice/platform';
import type { Pool } from 'pg';
import { moveReplay, type ReplayMove, type ReplayPlan } from '../domain/replay-plan.js';

/** A plan and its version. */
export interface Planned {
  plan: ReplayPlan;
  version: number;
}

export type PlanCommand = Pick<Command<unknown>, 'context' | 'idempotency'>;

const UPSERT = `insert into delivery.replay (id, version, state, planned_at, plan) values ($1, $2, $3, $4, $5)
  on conflict (id) do update set version = excluded.version, state = excluded.state, plan = excluded.plan`;

const RANGE_LANE = 'insert into delivery.replay_lane (replay, lane, next, ends) values ($1, $2, $3, $4)';

/** Up to where each partition has decided now: what comes after goes out as it comes. */
const EVERY_LANE = `insert into delivery.replay_lane (replay, lane, next, ends)
  select $1, lane, 0, coalesce(p.registry_offset, 0)
  from generate_series(0, ${LANES - 1}) as lane left join delivery.partition p on p.partition = lane`;

const ALL_LANES_DONE = `select r.id from delivery.replay r where r.state = 'running'
  and not exists (select from delivery.replay_lane l where l.replay = r.id and not l.done)`;

const SYSTEM: Pick<EventContext, 'actor'> = { actor: 'service:delivery' };

/** The plans of replays. Each is a stream; every step is recorded as an administrative act in the same transaction. */
export class ReplayPlans {
  constructor(
    private readonly pool: Pool,
    private readonly events: EventStore,
  ) {}

  add(plan: ReplayPlan, command: PlanCommand) {
    return this.#execute(plan.id, command, () => kept(plan, 1, 'plan', plan.plannedBy, []));
  }

  move(id: string, move: ReplayMove, now: number, command: PlanCommand) {
    const by = command.context.actor;
    return this.#execute(id, command, ({ state, version }) => {
      if (state === null) return { kind: 'nothing', reply: refuse('unknown-replay') };
      const moved = moveReplay(JSON.parse(state.toString()) as ReplayPlan, move, by, now);
      if ('refused' in moved) return { kind: 'nothing', reply: refuse(moved.refused) };
      return kept(moved, version + 1, move, by, move === 'run' ? lanesOf(moved) : []);
    });
  }

  /** Ends the running replays whose lanes are all done. Whoever comes second finds nothing left to do. */
  async finishDone(): Promise<void> {
    const { rows } = await this.pool.query<{ id: string }>({ name: 'delivery-replays-done', text: ALL_LANES_DONE });
    for (const { id } of rows) await this.move(id, 'finish', Date.now(), { context: { ...SYSTEM, correlationId: id } });
  }

  async #execute(
    stream: string,
    command: PlanCommand,
    decide: Command<Planned | Refusal>['decide'],
  ): Promise<Planned | Refusal> {
    const executed = await this.events.execute<Planned | Refusal>({ ...command, stream, decide });
    if (executed.kind === 'done') return executed.reply;
    return refuse(executed.kind === 'idempotency-mismatch' ? 'idempotency-mismatch' : 'concurrent-change');
  }
}

function kept(
  plan: ReplayPlan,
  version: number,
  step: ReplayMove | 'plan',
  by: string,
  effects: SqlEffect[],
): Outcome<Planned> {
  const content = JSON.stringify(plan);
  const upsert = {
    name: 'delivery-replay-upsert',
    text: UPSERT,
    values: [plan.id, version, plan.state, new Date(plan.plannedAt), content],
  };
  return {
    kind: 'append',
    events: [actOf(plan, step, by)],
    state: Buffer.from(content),
    reply: { plan, version },
    effects: [upsert, ...effects],
  };
}

function actOf({ id, agency, reason }: ReplayPlan, step: ReplayMove | 'plan', by: string): NewEvent {
  const act = { by, act: `replay-${step}`, target: `${id} ${agency}: ${reason}` };
  return { type: ACCESS_ADMINISTERED, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(act)) };
}

function lanesOf({ id, extent }: ReplayPlan): SqlEffect[] {
  if (extent.kind === 'entitled') return [{ name: 'delivery-replay-lanes', text: EVERY_LANE, values: [id] }];
  const values = [id, extent.lane, extent.from, extent.to + 1];
  return [{ name: 'delivery-replay-lane', text: RANGE_LANE, values }];
}
