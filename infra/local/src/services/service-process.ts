import { existsSync } from 'node:fs';
import type { ServiceName } from '@sluice/contracts';
import type { DataDirectory } from '../data-directory.js';
import { StackFailure } from '../failure.js';
import { PROJECT_ROOT, serviceProgram } from '../paths.js';
import { portBusy, requireFreePort } from '../ports.js';
import { Component } from '../process/component.js';
import type { Guardian } from '../process/guardian.js';
import { ManagedProcess } from '../process/managed-process.js';
import { endOrphanOf } from '../process/orphan.js';
import { allocatorEnvironment } from './allocator.js';

const START_TIMEOUT_MS = 120_000;
/** Services promise to stop within 10 s; the stack as a whole within 15, so it waits a little less. */
const STOP_TIMEOUT_MS = 8_000;
const POLL_MS = 150;
/**
 * V8 would let each half of the young generation grow to 32 MB and more, and hardly ever gives it back; what a service
 * keeps for a moment, its batches, fits half of that. And the old generation is collected when it is half as large again
 * as what lived after the last time, not more than twice as large.
 *
 * Nor may V8 make anything old from the start because much of its kind has lived long: what a batch is made of does under
 * load, and is garbage soon all the same. At 500 changes a second registry had a full collection every 7 s, and has two a
 * minute.
 *
 * The image of infra/docker sets the same.
 */
const NODE_FLAGS = [
  '--enable-source-maps',
  '--max-semi-space-size=16',
  '--heap-growing-percent=50',
  '--no-allocation-site-pretenuring',
];

/**
 * Registry alone collects often enough under full load for it to show: every second with the above, which takes its
 * helper threads as much as a third of all else it does. It has the room; the others would only grow for longer.
 * Its command in docker-compose.yml says the same.
 */
const REGISTRY_FLAGS = ['--heap-growing-percent=75'];

export interface ServicePlan {
  name: ServiceName;
  /** Tells two processes of one service apart. */
  instance: string;
  port: number;
  env: Record<string, string>;
  data: DataDirectory;
  guardian: Guardian;
}

/** One process of one service. */
export class ServiceProcess extends Component {
  override readonly title: string;
  readonly url: string;
  readonly logFile: string;
  readonly #plan: ServicePlan;

  constructor(plan: ServicePlan) {
    super();
    this.#plan = plan;
    this.title = plan.instance === plan.name ? plan.name : `${plan.name} (${plan.instance})`;
    this.url = `http://127.0.0.1:${plan.port}`;
    this.logFile = plan.data.logFile(plan.instance);
  }

  get name(): ServiceName {
    return this.#plan.name;
  }

  protected override async launch(): Promise<void> {
    const { name, instance, port, env, data, guardian } = this.#plan;
    const entry = serviceProgram(name);
    if (!existsSync(entry)) {
      throw new StackFailure('not-built', `The ${name} service is not built; run "npm run build" and start again.`);
    }
    await endOrphanOf(data.runFile(instance), 'SIGTERM', STOP_TIMEOUT_MS);
    await requireFreePort(port, this.title);
    this.adopt(
      await ManagedProcess.start({
        command: process.execPath,
        args: [...NODE_FLAGS, ...(this.name === 'registry' ? REGISTRY_FLAGS : []), entry],
        env: { ...process.env, ...allocatorEnvironment(), ...env },
        cwd: PROJECT_ROOT,
        logFile: this.logFile,
        runFile: data.runFile(instance),
        stopSignal: 'SIGTERM',
        stopTimeoutMs: STOP_TIMEOUT_MS,
        guardian,
      }),
    );
    await this.#ready();
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    const process = this.process;
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      if (process.exit) {
        if (process.output().includes('EADDRINUSE')) throw portBusy(this.#plan.port, this.title);
        throw new StackFailure(
          'service-failed',
          `The ${this.title} service ended while it was starting; see the end of ${this.logFile}.`,
        );
      }
      if (Date.now() > deadline) {
        const waitsFor = answer ? ` (${await answer.text()})` : '';
        await this.stop();
        throw new StackFailure(
          'service-failed',
          `The ${this.title} service was not ready after ${START_TIMEOUT_MS / 1000} s${waitsFor}; see ${this.logFile}.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
