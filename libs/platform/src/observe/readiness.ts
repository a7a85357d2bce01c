import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from './logger.js';

/** The truth about one dependency. `detail` is for operators: names, counts, ages; never a personal value. */
export interface Readiness {
  readonly ok: boolean;
  readonly detail: string;
}

export type ReadinessCheck = () => Promise<Readiness> | Readiness;

const CHECK_TIMEOUT_MS = 2_000;

/** What has to hold before the service should get requests. Modules register their checks at their start. */
@Injectable()
export class ReadinessChecks {
  private readonly checks = new Map<string, ReadinessCheck>();
  private running: Promise<Record<string, Readiness>> | undefined;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  register(name: string, check: ReadinessCheck): void {
    if (this.checks.has(name)) throw new Error(`there is a readiness check of this name already: ${name}`);
    this.checks.set(name, check);
  }

  /** Runs every check, each within CHECK_TIMEOUT_MS. Callers that come meanwhile share one run: asking often costs nothing. */
  run(): Promise<Record<string, Readiness>> {
    this.running ??= this.runAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async runAll(): Promise<Record<string, Readiness>> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await this.truthOf(name, check)] as const),
    );
    return Object.fromEntries(results);
  }

  private async truthOf(name: string, check: ReadinessCheck): Promise<Readiness> {
    const timeout = Promise.withResolvers<Readiness>();
    const timer = setTimeout(
      () => timeout.resolve({ ok: false, detail: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
      CHECK_TIMEOUT_MS,
    );
    try {
      return await Promise.race([Promise.resolve().then(check), timeout.promise]);
    } catch (err) {
      this.logger.warn({ err, check: name }, 'a readiness check failed');
      return { ok: false, detail: 'the check failed; see the log' };
    } finally {
      clearTimeout(timer);
    }
  }
}
