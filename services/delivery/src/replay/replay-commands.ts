import { Injectable } from '@nestjs/common';
import type { ReplayView } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { isRefusal, type Refusal } from '@sluice/platform';
import { Pool } from 'pg';
import type { ReplayMove } from '../domain/replay-plan.js';
import { type PlanCommand, type Planned, ReplayPlans } from './replay-plans.js';
import { ReplayViews } from './replay-views.js';

/** A step that somebody asks for over HTTP. */
export interface AskedMove {
  params: { replay: string };
  context: PlanCommand['context'];
  idempotencyKey: string;
  requestDigest: Buffer;
}

/** The steps of a plan, answered with the plan as it is then. */
@Injectable()
export class ReplayCommands {
  readonly plans: ReplayPlans;
  readonly views: ReplayViews;

  constructor(pool: Pool, events: EventStore) {
    this.plans = new ReplayPlans(pool, events);
    this.views = new ReplayViews(pool);
  }

  async move({ params, context, idempotencyKey, requestDigest }: AskedMove, move: ReplayMove) {
    const command = { context, idempotency: { key: idempotencyKey, requestDigest } };
    return this.answer(await this.plans.move(params.replay, move, Date.now(), command));
  }

  async answer(planned: Planned | Refusal): Promise<Refusal | { body: ReplayView }> {
    if (isRefusal(planned)) return planned;
    return { body: (await this.views.of([planned]))[0]! };
  }
}
