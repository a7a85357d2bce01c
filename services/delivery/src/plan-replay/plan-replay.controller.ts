import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { planReplay } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, isRefusal, refuse } from '@sluice/platform';
import { ReplayCommands } from '../replay/replay-commands.js';
import { ReplayImpacts } from './replay-impacts.js';

/** Writes down what is to be sent again, and what that would do today. Nothing is sent. */
@Controller()
export class PlanReplayController {
  constructor(
    private readonly replays: ReplayCommands,
    private readonly impacts: ReplayImpacts,
  ) {}

  @Endpoint(planReplay)
  async handle(@Input() { body, context, idempotencyKey, requestDigest }: InputOf<typeof planReplay>) {
    const now = Date.now();
    const impact = await this.impacts.of(body.agency, body.extent, now);
    if (isRefusal(impact)) return refuse(impact.refused);
    const planned = await this.replays.plans.add(
      {
        id: randomUUID(),
        state: 'planned',
        ...body,
        impact,
        plannedBy: context.actor,
        plannedAt: now,
        movedAt: now,
      },
      { context, idempotency: { key: idempotencyKey, requestDigest } },
    );
    return this.replays.answer(planned);
  }
}
