import { Injectable } from '@nestjs/common';
import type { HistoryNotice, HistorySubscription } from '@sluice/contracts';
import { Pool } from 'pg';

const SET = `insert into audit.history_subscription (subject, every, kinds, agencies, next_at) values ($1, $2, $3, $4, $5)
  on conflict (subject) do update set every = excluded.every, kinds = excluded.kinds, agencies = excluded.agencies,
    next_at = excluded.next_at`;

interface Row {
  every: HistorySubscription['every'];
  kinds: HistorySubscription['kinds'] | null;
  agencies: string[] | null;
}

/** Who is told of new entries, and what they were told. */
@Injectable()
export class Subscriptions {
  constructor(private readonly pool: Pool) {}

  async set(subject: string, { every, kinds, agencies }: HistorySubscription, nextAt: Date): Promise<void> {
    if (every === 'never')
      await this.pool.query('delete from audit.history_subscription where subject = $1', [subject]);
    else await this.pool.query(SET, [subject, every, kinds ?? null, agencies ?? null, nextAt]);
  }

  async of(subject: string): Promise<HistorySubscription> {
    const { rows } = await this.pool.query<Row>(
      'select every, kinds, agencies from audit.history_subscription where subject = $1',
      [subject],
    );
    return rows[0] === undefined ? { every: 'never' } : subscriptionOf(rows[0]);
  }

  /** Oldest first, those after one. */
  async notices(subject: string, after: string, limit: number): Promise<HistoryNotice[]> {
    const { rows } = await this.pool.query<{
      id: string;
      made_at: Date;
      content: Omit<HistoryNotice, 'id' | 'madeAt'>;
    }>({
      name: 'notices',
      text: 'select id, made_at, content from audit.notice where subject = $1 and id > $2 order by id limit $3',
      values: [subject, after, limit],
    });
    return rows.map(({ id, made_at, content }) => ({ id, madeAt: made_at.toISOString(), ...content }));
  }
}

export function subscriptionOf({ every, kinds, agencies }: Row): HistorySubscription {
  return { every, ...(kinds != null && { kinds }), ...(agencies !== null && { agencies }) };
}
