import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { NOTICE_PACES, Principal } from '@sluice/contracts';
import { LOGGER, type Logger, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { Pool, type PoolClient } from 'pg';
import { digestOf } from '../domain/digest.js';
import { linesOf } from '../domain/history-lines.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { ShownHistories } from '../read-history/shown-histories.js';
import { subscriptionOf } from './subscriptions.js';

/** Also what "immediately" means: what happens within a second is one notice. */
const LOOK_EVERY_MS = 1_000;
const PAGE = 100;
/** Of one notice; what is left makes the next. */
const ROWS_OF_A_NOTICE = 2_000;

const PACE_MS: Record<(typeof NOTICE_PACES)[number], number> = {
  immediately: 0,
  hourly: 3_600_000,
  daily: 86_400_000,
};

const DUE = `select subject from audit.history_subscription due where next_at <= $1
  and exists (select from audit.notice_queue queued where queued.subject = due.subject) limit $2`;

const LOCK = `select every, kinds, agencies from audit.history_subscription
  where subject = $1 and next_at <= $2 for update skip locked`;

const TAKE = `with taken as (
  delete from audit.notice_queue where (subject, at, ref) in (
    select subject, at, ref from audit.notice_queue where subject = $1 order by at, ref limit $2)
  returning subject, at, ref
) select history.at, history.ref, history.entry from taken join audit.history using (subject, at, ref)`;

/** Makes notices of what the intake queued, apart from it: what was queued and not told of yet is there after a crash. */
@Injectable()
export class NoticeMaker implements OnApplicationBootstrap {
  #timer: NodeJS.Timeout | undefined;
  #making: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly histories: ShownHistories,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
    @Inject(LOGGER) private readonly logger: Logger,
    shutdown: Shutdown,
  ) {
    shutdown.onShutdown('notices', () => this.#stop(), SHUTDOWN_ORDER.workers);
  }

  onApplicationBootstrap(): void {
    this.#next();
  }

  #next(): void {
    this.#making = this.#makeAll().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.#next(), LOOK_EVERY_MS);
    });
  }

  async #makeAll(): Promise<void> {
    try {
      const now = this.scope.now?.() ?? new Date();
      const { rows } = await this.pool.query<{ subject: string }>(DUE, [now, PAGE]);
      for (const { subject } of rows) if (!this.#stopped) await this.#make(subject, now);
    } catch (err) {
      this.logger.warn({ err }, 'notices could not be made; they are tried again');
    }
  }

  async #make(subject: string, now: Date): Promise<void> {
    const reader: Principal = { kind: 'person', id: subject, subject };
    const isWithheld = await this.histories.withheldFrom(subject, reader);
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await this.#makeIn(client, subject, now, isWithheld);
      await client.query('commit');
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async #makeIn(
    client: PoolClient,
    subject: string,
    now: Date,
    isWithheld: Awaited<ReturnType<ShownHistories['withheldFrom']>>,
  ): Promise<void> {
    const { rows: held } = await client.query<Parameters<typeof subscriptionOf>[0]>(LOCK, [subject, now]);
    if (held[0] === undefined) return;
    const subscription = subscriptionOf(held[0]);
    const { rows } = await client.query<{ at: Date; ref: string; entry: Buffer }>(TAKE, [subject, ROWS_OF_A_NOTICE]);
    const entries = rows
      .flatMap(({ at, ref, entry }) => linesOf({ at: at.getTime(), ref: BigInt(ref), entry }))
      .map(({ entry }) => entry)
      .filter((entry) => !isWithheld(entry));
    const content = digestOf(entries, subject, subscription);
    if (content !== undefined) {
      const values = [subject, now, content];
      await client.query('insert into audit.notice (subject, made_at, content) values ($1, $2, $3)', values);
    }
    const pace = subscription.every === 'never' ? 0 : PACE_MS[subscription.every];
    const next = new Date(now.getTime() + (content === undefined ? 0 : pace));
    await client.query('update audit.history_subscription set next_at = $2 where subject = $1', [subject, next]);
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#making;
  }
}
