import { LANES, NIL_UUID } from '@sluice/contracts';
import type { Grant } from '@sluice/decision';
import type { Pool } from 'pg';
import { BLOCK_MAX_DELIVERIES } from '../dispatch/blocks.js';
import { deliveriesOf, type RecordedDelivery } from './recorded-deliveries.js';
import type { ReplayPart } from './slice.js';

/** Few enough to leave the event loop to live traffic between two pages. */
const PERSONS_AT_ONCE = 5_000;

/** Also of replays that run elsewhere or have nothing left here: then lane is null. */
const RUNNING = `select r.id as replay, r.plan ->> 'agency' as agency, r.plan -> 'extent' ->> 'kind' as kind,
    (r.plan ->> 'rate')::int as rate, l.lane, l.next, l.ends
  from delivery.replay r left join delivery.replay_lane l on l.replay = r.id and l.lane = $1 and not l.done
  where r.state = 'running' order by r.planned_at, r.id`;

/**
 * The ledger rows of no more blocks than hold the deliveries that are asked for. The lower bound of first lets the primary
 * key find them: no block holds more.
 */
const BLOCKS = `select counted.first, t.content
  from (
    select first, count, lane, batch, sum(count) over (order by first) as upto
    from (
      select first, count, lane, batch from delivery.block
      where agency = $1 and lane = $2 and first > $3 - ${BLOCK_MAX_DELIVERIES} and first + count > $3 and first < $4
      order by first limit $5
    ) nearest
  ) counted join delivery.batch t on t.partition = counted.lane and t.sequence = counted.batch
  where counted.upto - counted.count < $5 order by counted.first`;

/** Goes through all persons, a page at a time: an index over grants would cost every change of one. */
const GRANTING = `select subject, grants from delivery.subject
  where subject > $2 and grants @> jsonb_build_array(jsonb_build_object('agency', $1::text))
  order by subject limit ${PERSONS_AT_ONCE}`;

interface RunningRow {
  replay: string;
  agency: string;
  kind: ReplayPart['kind'];
  rate: number;
  lane: number | null;
  next: string;
  ends: string;
}

/** A person and the grants to one agency. */
export interface Granting {
  subject: string;
  grants: readonly Grant[];
}

/** What the workers read of replays. */
export class ReplayParts {
  constructor(private readonly pool: Pool) {}

  /** Whether any replay runs, and what of those is left for this lane, oldest plan first. */
  async running(lane: number): Promise<{ any: boolean; parts: ReplayPart[] }> {
    const { rows } = await this.pool.query<RunningRow>({ name: 'delivery-replays', text: RUNNING, values: [lane] });
    const here = rows.filter((row) => row.lane !== null);
    const parts = here.map(({ replay, agency, kind, rate, next, ends }) => ({
      replay,
      agency,
      kind,
      next: BigInt(next),
      ends: BigInt(ends),
      // Each lane keeps its share by itself, whoever owns it.
      rate: kind === 'range' ? rate : rate / LANES,
    }));
    return { any: rows.length > 0, parts };
  }

  /** Notes why a lane stands still; its next progress takes the note away. */
  async troubled(replay: string, lane: number, trouble: string): Promise<void> {
    await this.pool.query({
      name: 'delivery-replay-trouble',
      text: 'update delivery.replay_lane set trouble = $3 where replay = $1 and lane = $2',
      values: [replay, lane, trouble],
    });
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
      values: [agency, lane, from, ends, most],
    });
    return rows
      .flatMap(({ first, content }) => deliveriesOf(content, agency, Number(first), from, ends))
      .slice(0, most);
  }

  /** Everybody with a grant to the agency, in whatever state, in pages. */
  async *granting(agency: string): AsyncGenerator<Granting[]> {
    let after = NIL_UUID;
    for (;;) {
      const { rows } = await this.pool.query<Granting>(GRANTING, [agency, after]);
      if (rows.length === 0) return;
      yield rows.map(({ subject, grants }) => ({ subject, grants: grants.filter((one) => one.agency === agency) }));
      after = rows.at(-1)!.subject;
    }
  }
}
