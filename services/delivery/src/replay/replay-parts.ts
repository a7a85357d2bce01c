import { LANES } from '@sluice/contracts';
import type { Grant } from '@sluice/decision';
import type { Pool } from 'pg';
import { BLOCK_MAX_DELIVERIES } from '../dispatch/blocks.js';
import { deliveriesOf, type RecordedDelivery } from './recorded-deliveries.js';
import type { ReplayPart } from './slice.js';

/** Ledger rows that are decoded at once; one can be some 100 KB. */
const BATCHES_AT_ONCE = 8;

const RUNNING = `select l.replay, r.plan ->> 'agency' as agency, r.plan -> 'extent' ->> 'kind' as kind,
    (r.plan ->> 'rate')::int as rate, l.next, l.ends
  from delivery.replay r join delivery.replay_lane l on l.replay = r.id
  where r.state = 'running' and l.lane = $1 and not l.done order by r.planned_at, r.id`;

/** The lower bound of first lets the primary key find them: no block holds more. */
const BLOCKS = `select b.first, t.content
  from delivery.block b join delivery.batch t on t.partition = b.lane and t.sequence = b.batch
  where b.agency = $1 and b.lane = $2 and b.first > $3 - ${BLOCK_MAX_DELIVERIES} and b.first + b.count > $3 and b.first < $4
  order by b.first limit ${BATCHES_AT_ONCE}`;

/** Reads all persons: an index over grants would cost every change of one. */
const GRANTING_TO = 'from delivery.subject where grants @> jsonb_build_array(jsonb_build_object($$agency$$, $1::text))';

interface RunningRow {
  replay: string;
  agency: string;
  kind: ReplayPart['kind'];
  rate: number;
  next: string;
  ends: string;
}

/** What the workers read of replays. */
export class ReplayParts {
  constructor(private readonly pool: Pool) {}

  /** The parts of running replays that are left for a lane, oldest plan first. */
  async running(lane: number): Promise<ReplayPart[]> {
    const { rows } = await this.pool.query<RunningRow>({ name: 'delivery-replays', text: RUNNING, values: [lane] });
    return rows.map(({ replay, agency, kind, rate, next, ends }) => ({
      replay,
      agency,
      kind,
      next: BigInt(next),
      ends: BigInt(ends),
      // Each lane keeps its share by itself, whoever owns it.
      rate: kind === 'range' ? rate : rate / LANES,
    }));
  }

  /** Deliveries of a lane from `from` up to but without `ends`, in order: the first of them, no more than `most`. */
  async deliveries(
    agency: string,
    lane: number,
    from: number,
    ends: number,
    most: number,
  ): Promise<RecordedDelivery[]> {
    const { rows } = await this.pool.query<{ first: string; content: Buffer }>({
      name: 'delivery-replay-blocks',
      text: BLOCKS,
      values: [agency, lane, from, ends],
    });
    return rows
      .flatMap(({ first, content }) => deliveriesOf(content, agency, Number(first), from, ends))
      .slice(0, most);
  }

  /** Everybody with a grant to the agency, in whatever state. */
  async personsGrantingTo(agency: string): Promise<string[]> {
    const { rows } = await this.pool.query<{ subject: string }>(`select subject ${GRANTING_TO}`, [agency]);
    return rows.map(({ subject }) => subject);
  }

  /** The grants to the agency of each of these persons. */
  async grantsTo(agency: string): Promise<Grant[][]> {
    const { rows } = await this.pool.query<{ grants: Grant[] }>(`select grants ${GRANTING_TO}`, [agency]);
    return rows.map(({ grants }) => grants.filter((grant) => grant.agency === agency));
  }
}
