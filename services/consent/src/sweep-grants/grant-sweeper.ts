import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, type Logger, SHUTDOWN_ORDER, Shutdown } from '@sluice/platform';
import { Accreditations, type SnapshotsDue } from '../store/accreditations.js';
import { GrantCommands, type GrantTask } from '../store/grant-commands.js';
import { type DueGrant, Grants } from '../store/grants.js';
import { serviceContext } from '../store/service-context.js';
import { SweepLease } from './sweep-lease.js';

/** Delivery looks at the validity itself at every decision; the sweep only has to say so soon. */
const SWEEP_EVERY_MS = 1_000;
/** One transaction: some ten milliseconds, so that a withdrawal never waits long behind a sweep. */
const PAGE = 200;

/** Does what time and vetting demand of grants, page by page: every page is a transaction, and a restart goes on. */
@Injectable()
export class GrantSweeper implements OnApplicationBootstrap {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(
    private readonly commands: GrantCommands,
    private readonly grants: Grants,
    private readonly accreditations: Accreditations,
    private readonly lease: SweepLease,
    @Inject(LOGGER) private readonly logger: Logger,
    shutdown: Shutdown,
  ) {
    shutdown.onShutdown('grant sweeper', () => this.#stop(), SHUTDOWN_ORDER.workers);
  }

  onApplicationBootstrap(): void {
    this.nudge();
  }

  /** Sweeps at once, or once more where it is sweeping. */
  nudge(): void {
    if (this.#stopped) return;
    if (this.#sweeping !== undefined) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = undefined;
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.nudge(), this.#again ? 0 : SWEEP_EVERY_MS);
      this.#again = false;
    });
  }

  async #sweep(): Promise<void> {
    try {
      if (!(await this.lease.leads())) return;
      const now = new Date();
      await this.#moveAll('expire', () => this.grants.expired(now, PAGE), now);
      await this.#moveAll('stop', () => this.grants.ofRevoked(PAGE), now);
      for (const due of await this.accreditations.snapshotsDue()) await this.#askSnapshots(due, now);
    } catch (err) {
      this.logger.warn({ err }, 'the sweep of grants failed and tries again');
    }
  }

  /** Moves what is due until nothing is; a page that changes nothing would come again for ever, so it ends the sweep. */
  async #moveAll(move: 'expire' | 'stop', due: () => Promise<DueGrant[]>, now: Date): Promise<void> {
    while (!this.#stopped) {
      const page = await due();
      if (page.length === 0) return;
      const moved = await this.commands.runAll(page.map((grant) => taskOf(grant, move, now)));
      if (moved === 0) {
        this.logger.error({ move, grants: page.length }, 'the read model of grants contradicts their streams');
        return;
      }
    }
  }

  /** How far the asking has come is committed with the requests: no grant asks twice for one restoration. */
  async #askSnapshots(due: SnapshotsDue, now: Date): Promise<void> {
    let { after } = due;
    while (!this.#stopped) {
      const page = await this.grants.activeOf(due.agency, after, PAGE);
      const upTo = page.at(-1)?.place;
      const tasks = page.map((grant) => taskOf(grant, 'askSnapshot', now));
      await this.commands.runAll(tasks, () => [Accreditations.asked(due, upTo)]);
      if (upTo === undefined) return;
      after = upTo;
    }
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }
}

function taskOf({ grant, subject }: DueGrant, move: 'expire' | 'stop' | 'askSnapshot', now: Date): GrantTask {
  const facts = { actor: { kind: 'service' }, now } as const;
  return { subject, grant, command: { move }, facts, context: serviceContext() };
}
