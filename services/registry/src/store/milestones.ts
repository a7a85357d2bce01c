import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { EventStore, type Executed } from '@sluice/event-store';
import { LOGGER, type Logger, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { Pool } from 'pg';
import { BEFORE_ALL, type Milestone, passed } from '../domain/milestone.js';
import { storedEvent } from './stored-event.js';

/**
 * A look back reads half as many events as this beside those that brought the values. Each lies on a page of its own, and
 * costs 12 us where the page is not in PostgreSQL's memory: 3 ms at most.
 */
export const MILESTONE_EVERY = 256;

/** Making one costs as much as looking back without it. Changes go first: at most a fiftieth of a core. */
const REST_FACTOR = 50;
/** More persons than this are not kept waiting for theirs: they get them with a later event. */
const MAX_DUE = 100_000;

export interface Start {
  milestone: Milestone;
  /** The next milestone's version, where there is one: it was passed later than the time asked for. */
  until?: number;
}

interface Row {
  version: number;
  changes: number;
  recorded_by: Date;
  brought_by: Milestone['broughtBy'];
  later: boolean;
}

const COLUMNS = 'version, changes, recorded_by, brought_by';
const START = `
(select ${COLUMNS}, false as later from registry.milestone where subject = $1 and recorded_by <= $2 order by version desc limit 1)
union all
(select ${COLUMNS}, true from registry.milestone where subject = $1 and recorded_by > $2 order by version limit 1)`;
const LAST = `select ${COLUMNS} from registry.milestone where subject = $1 order by version desc limit 1`;
// Another instance makes the same of the same events.
const ADD = `insert into registry.milestone (subject, ${COLUMNS}) values ($1, $2, $3, $4, $5) on conflict do nothing`;

/** The milestones in the streams of persons, made one person after the other when their turn comes. */
@Injectable()
export class Milestones {
  private readonly waiting = new Set<string>();
  private readonly stop = new AbortController();
  private making: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly events: EventStore,
    @Inject(LOGGER) private readonly logger: Logger,
    shutdown: Shutdown,
  ) {
    const stop = async (): Promise<void> => {
      this.stop.abort();
      await this.making;
    };
    shutdown.onShutdown('milestones', stop, SHUTDOWN_ORDER.workers);
  }

  /** The last one that was passed by `at`; all events up to it stand then. */
  async before(subject: string, at: Date): Promise<Start> {
    const { rows } = await this.pool.query<Row>(START, [subject, at]);
    const start = rows.find(({ later }) => !later);
    const next = rows.find(({ later }) => later);
    return {
      milestone: start === undefined ? BEFORE_ALL : milestoneOf(start),
      ...(next !== undefined && { until: next.version }),
    };
  }

  /** Looks whether the command brought its person to where a milestone is due. */
  notice(subject: string, executed: Executed<unknown>): void {
    if (executed.kind === 'done' && executed.appended && executed.version % MILESTONE_EVERY === 0) this.due(subject);
  }

  /** The person's milestones that are missing are made after those of others who wait already. */
  due(subject: string): void {
    if (this.stop.signal.aborted || this.waiting.size >= MAX_DUE) return;
    this.waiting.add(subject);
    this.making ??= this.makeAll();
  }

  private async makeAll(): Promise<void> {
    const { signal } = this.stop;
    for (const subject of this.waiting) {
      this.waiting.delete(subject);
      try {
        await this.make(subject);
      } catch (err) {
        // Those who look back do without; the person's next one brings this one too.
        this.logger.warn({ err, stream: subject }, 'a milestone could not be made');
      }
      if (signal.aborted) break;
    }
    this.making = undefined;
  }

  private async make(subject: string): Promise<void> {
    const { rows } = await this.pool.query<Row>(LAST, [subject]);
    let milestone = rows[0] === undefined ? BEFORE_ALL : milestoneOf(rows[0]);
    while (!this.stop.signal.aborted) {
      const began = performance.now();
      const events = await this.events.readStream(subject, milestone.version + 1, MILESTONE_EVERY);
      if (events.length < MILESTONE_EVERY) return;
      milestone = events.reduce((before, { payload, recordedAt }) => {
        const at = recordedAt.getTime();
        return passed(before, storedEvent(subject, payload, at, undefined), at);
      }, milestone);
      const { version, changes, recordedBy, broughtBy } = milestone;
      await this.pool.query(ADD, [subject, version, changes, new Date(recordedBy), broughtBy]);
      await sleep((performance.now() - began) * REST_FACTOR, undefined, { signal: this.stop.signal }).catch(() => {});
    }
  }
}

function milestoneOf({ version, changes, recorded_by, brought_by }: Row): Milestone {
  return { version, changes, recordedBy: recorded_by.getTime(), broughtBy: brought_by };
}
