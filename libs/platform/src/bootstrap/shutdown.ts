import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '../observe/logger.js';

/** What stops first: who takes work, then who passes it on, then what both stand on. */
export const SHUTDOWN_ORDER = { workers: 10, relay: 20, stores: 30, connections: 90 } as const;

/** One step may not use up the time of those after it. */
const STEP_TIMEOUT_MS = 3_000;

interface Step {
  readonly name: string;
  readonly stop: () => Promise<unknown> | unknown;
  readonly order: number;
}

/** The orderly end of a service. Modules register what they have to stop; steps of one order run side by side. */
@Injectable()
export class Shutdown {
  private readonly steps: Step[] = [];
  private readonly stop = new AbortController();

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Runs after the last request was answered; see SHUTDOWN_ORDER for `order`. */
  onShutdown(name: string, stop: () => Promise<unknown> | unknown, order: number): void {
    this.steps.push({ name, stop, order });
  }

  /** True from the moment the service was told to stop. */
  get stopping(): boolean {
    return this.stop.signal.aborted;
  }

  begin(): void {
    this.stop.abort();
  }

  /** Runs the steps in order. A step that fails or takes too long is logged, and the next ones run all the same. */
  async runSteps(): Promise<void> {
    const orders = [...new Set(this.steps.map((step) => step.order))].sort((a, b) => a - b);
    for (const order of orders) {
      await Promise.all(this.steps.filter((step) => step.order === order).map((step) => this.runStep(step)));
    }
  }

  private async runStep({ name, stop }: Step): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`took longer than ${STEP_TIMEOUT_MS} ms`)), STEP_TIMEOUT_MS);
    try {
      await Promise.race([Promise.resolve().then(stop), late.promise]);
    } catch (err) {
      this.logger.error({ err, step: name }, 'a step of the shutdown failed');
    } finally {
      clearTimeout(timer);
    }
  }
}
