import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { ACCESS_ADMINISTERED, JSON_CONTENT, settleParkedChanges } from '@sluice/contracts';
import { EventStore } from '@sluice/event-store';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { Pool } from 'pg';

const COUNT = 'select count(*)::int as parked from delivery.parked where subject = $1';
const SETTLE = 'update delivery.parked set settlement = $2 where subject = $1';

/**
 * Says what shall become of a person's parked changes; the partition's worker does it within a second or two.
 * The operator's act is recorded with it, in the same transaction.
 */
@Controller()
export class SettleParkedChangesController {
  constructor(
    private readonly pool: Pool,
    private readonly events: EventStore,
  ) {}

  @Endpoint(settleParkedChanges)
  async handle(@Input() input: InputOf<typeof settleParkedChanges>) {
    const { subject } = input.params;
    const { action, reason } = input.body;
    const { rows } = await this.pool.query<{ parked: number }>(COUNT, [subject]);
    const settled = rows[0]!.parked;
    if (settled === 0) return refuse('not-found');
    const act = { by: input.context.actor, act: `parked-changes-${action}`, target: `${subject}: ${reason}` };
    const executed = await this.events.execute({
      stream: randomUUID(),
      context: input.context,
      idempotency: { key: input.idempotencyKey, requestDigest: input.requestDigest },
      decide: () => ({
        kind: 'append',
        events: [{ type: ACCESS_ADMINISTERED, contentType: JSON_CONTENT, payload: Buffer.from(JSON.stringify(act)) }],
        state: Buffer.alloc(0),
        reply: { subject, settled },
        effects: [{ name: 'delivery-settle-parked', text: SETTLE, values: [subject, action] }],
      }),
    });
    if (executed.kind === 'done') return { body: executed.reply };
    return refuse(executed.kind === 'idempotency-mismatch' ? 'idempotency-mismatch' : 'concurrent-change');
  }
}
