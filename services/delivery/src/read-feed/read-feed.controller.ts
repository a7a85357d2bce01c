import { Controller } from '@nestjs/common';
import { feedTopic, LANES, readFeed } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { Pool } from 'pg';

const SELECT = `select lane, last_sequence, encode(last_digest, 'hex') as last_digest from delivery.lane where agency = $1`;

/** An agency sees where its own feed stands, to compare with what it has; operators and auditors see any. */
@Controller()
export class ReadFeedController {
  constructor(private readonly pool: Pool) {}

  @Endpoint(readFeed)
  async handle(@Input() { params, principal }: InputOf<typeof readFeed>) {
    const { agency } = params;
    if (principal.kind === 'agency' && principal.agency !== agency) return refuse('unknown-agency');
    const { rows } = await this.pool.query<{ lane: number; last_sequence: string; last_digest: string }>(SELECT, [
      agency,
    ]);
    if (rows.length === 0 && principal.kind !== 'agency') return refuse('unknown-agency');
    const byLane = new Map(rows.map((row) => [row.lane, row]));
    return {
      agency,
      topic: feedTopic(agency),
      lanes: Array.from({ length: LANES }, (_, lane) => ({
        lane,
        lastSequence: Number(byLane.get(lane)?.last_sequence ?? 0),
        lastDigest: byLane.get(lane)?.last_digest ?? '0'.repeat(64),
      })),
    };
  }
}
