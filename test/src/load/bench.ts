import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { SERVICES } from '@sluice/contracts';
import { freePortBase, LocalStack, temporaryDataDir } from '@sluice/local-stack';
import { ApiClient } from '../support/api-client.js';
import { accessTo, type StackAccess } from '../support/running-stack.js';
import type { GeneratorHandlers } from './generator/process.js';
import type { Watched } from './measure/cost-meter.js';
import type { BenchOptions } from './options.js';
import { openPopulation, type Population } from './population/population.js';
import { profiled } from './profile/record.js';
import type { RecipientsHandlers } from './recipients/process.js';
import { settle } from './settle.js';
import { Worker } from './workers/worker.js';

/** The system under load: a stack of its own, its population, and the processes at both ends of it. */
export class Bench {
  readonly #closers: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> = Promise.resolve();
  stack!: LocalStack;
  access!: StackAccess;
  api!: ApiClient;
  population!: Population;
  generator!: Worker<GeneratorHandlers>;
  recipients!: Worker<RecipientsHandlers>;

  private constructor(
    readonly options: BenchOptions,
    readonly say: (line: string) => void,
  ) {}

  /** Starts everything; stops it again when one part fails or `signal` is aborted. */
  static async open(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Bench> {
    const bench = new Bench(options, say);
    signal.addEventListener('abort', () => void bench.close());
    try {
      await bench.#start(signal);
      signal.throwIfAborted();
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  /** The processes whose cost is told apart. Services that do not run are left out. */
  watched(): Watched[] {
    const { generator, recipients, stack } = this;
    const { postgres, kafka } = stack.infrastructure;
    const services = SERVICES.map((name) => stack.service(name)).filter(({ isRunning }) => isRunning);
    return [
      { name: 'generator', pid: generator.pid },
      ...services.map(({ name, pid }) => ({ name, pid })),
      { name: 'PostgreSQL', pid: postgres!.pid, tree: true },
      { name: 'Kafka', pid: kafka!.pid },
      { name: 'recipients', pid: recipients.pid },
      { name: 'this process', pid: process.pid },
    ];
  }

  /** Starts services as they were started at first. */
  async startServices(names: readonly (typeof SERVICES)[number][]): Promise<void> {
    const { profileDir } = this.options;
    await Promise.all(
      names.map((name) => this.stack.startService(name, { env: profileDir ? profiled(profileDir, name) : {} })),
    );
  }

  /** Waits until nothing is under way: what one run leaves must not weigh on the next. */
  settle(): Promise<void> {
    return settle(this);
  }

  /** Stops everything in reverse order; called again, waits for that and stops what was started meanwhile. */
  close(): Promise<void> {
    this.#closed = this.#closed.then(async () => {
      for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) await close();
    });
    return this.#closed;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { options, say } = this;
    const dataDir = this.#dataDir();
    if (options.profileDir) mkdirSync(options.profileDir, { recursive: true });
    const onProgress = say;
    this.stack = await LocalStack.start({ dataDir, portBase: await freePortBase(), services: [], onProgress, signal });
    this.#closers.push(() => this.stack.stop());
    say(`Services: starting ${SERVICES.join(', ')}`);
    await this.startServices(SERVICES);
    signal.throwIfAborted();
    this.access = accessTo(this.stack);
    this.api = new ApiClient(this.stack.urls);
    this.generator = new Worker('generator', new URL('./generator/process.js', import.meta.url));
    this.#closers.push(() => this.generator.end());
    this.recipients = new Worker('recipients', new URL('./recipients/process.js', import.meta.url));
    this.#closers.push(() => this.recipients.end());
    this.population = await openPopulation(dataDir, options.persons, this.access, this.api, say);
    await this.#startRecipients();
  }

  async #startRecipients(): Promise<void> {
    const { agencies, positionsFiles } = this.population;
    this.say('Recipients: reading what is new in their feeds');
    await this.recipients.ask(
      'start',
      agencies.map(({ plan, privateKey, feedToken }, i) => ({
        agency: plan.code,
        brokers: this.access.agencyBrokers,
        token: feedToken,
        privateKey,
        positionsFile: positionsFiles[i]!,
      })),
    );
    this.#closers.push(() => this.recipients.ask('stop', undefined).catch(() => {}));
    await this.settle();
  }

  #dataDir(): string {
    const { dataDir } = this.options;
    if (dataDir !== undefined) return resolve(dataDir);
    const temporary = temporaryDataDir();
    this.#closers.push(() => temporary.remove());
    return temporary.path;
  }
}
