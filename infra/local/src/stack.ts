import { SERVICES, type ServiceName } from '@sluice/contracts';
import { FileKeyProvider } from '@sluice/vault';
import { type Elsewhere, provisionOthersKafka, requireOthersPostgres } from './elsewhere.js';
import { inWords } from './failure.js';
import { type Infrastructure, startInfrastructure } from './infrastructure.js';
import type { TokenOptions } from './issuer/issuer.js';
import type { Claims, PersonaName } from './issuer/personas.js';
import type { KafkaCredentials } from './kafka/users.js';
import { freePorts, servicePort, witnessPort } from './ports.js';
import type { Component } from './process/component.js';
import { type Surroundings, serviceEnvironment } from './services/environment.js';
import { prepareDatabase } from './services/schema.js';
import { ServiceProcess } from './services/service-process.js';
import { WitnessProcess } from './services/witness-process.js';

export interface StackOptions extends Elsewhere {
  dataDir: string;
  portBase: number;
  /** Default all; the others can be started later. */
  services?: readonly ServiceName[];
  /** Whether a witness of the audit log runs beside; default not. */
  witness?: boolean;
  /** As in `InfrastructureOptions`, like those below. */
  durable?: boolean;
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

export interface StartServiceOptions {
  /** A name for this process beside the service's first one. Default: the service's name, which is the first one. */
  instance?: string;
  /** Default: the service's own port for the first instance, a free one for others. */
  port?: number;
  /** Added to, or in place of, what the stack sets. */
  env?: Record<string, string>;
}

/** The whole system on this machine: infrastructure, issuer, services. */
export class LocalStack {
  readonly infrastructure: Infrastructure;
  /** The administrator's connection. */
  readonly postgresUrl: string;
  /** `admin` is absent where others' brokers are used without a user. */
  readonly kafka: { internal: string[]; agency: string[]; admin: KafkaCredentials | undefined };
  readonly #portBase: number;
  readonly #around: Surroundings;
  readonly #services = new Map<string, ServiceProcess>();
  #witness: WitnessProcess | undefined;

  /** Starts what is wanted; when one part fails, stops the others and throws a `StackFailure`. */
  static async start(options: StackOptions): Promise<LocalStack> {
    const { pgUrl, kafkaBrokers, kafkaUser, services = SERVICES, onProgress, signal } = options;
    if (pgUrl) await requireOthersPostgres(pgUrl);
    const infrastructure = await startInfrastructure({
      ...options,
      parts: { postgres: !pgUrl, kafka: !kafkaBrokers },
    });
    const stack = new LocalStack(options, infrastructure);
    const stop = () => stack.stop();
    signal?.addEventListener('abort', stop);
    try {
      if (kafkaBrokers) await provisionOthersKafka(kafkaBrokers, kafkaUser);
      await FileKeyProvider.createRootKey(stack.#around.keyDirectory);
      await prepareDatabase(stack.postgresUrl, infrastructure.data.secrets);
      if (options.witness) await stack.#startWitness();
      if (services.length > 0) onProgress?.(`Services: starting ${services.join(', ')}`);
      const started = await Promise.allSettled(services.map((service) => stack.startService(service)));
      const failed = started.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      signal?.throwIfAborted();
      return stack;
    } catch (error) {
      await stack.stop();
      throw inWords(error, infrastructure.data.path);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  private constructor(options: StackOptions, infrastructure: Infrastructure) {
    const { postgres, kafka, issuer, data } = infrastructure;
    this.infrastructure = infrastructure;
    this.#portBase = options.portBase;
    this.postgresUrl = options.pgUrl ?? postgres!.url;
    this.kafka = kafka
      ? { internal: kafka.internal, agency: kafka.agency, admin: kafka.admin }
      : { internal: options.kafkaBrokers!, agency: options.kafkaBrokers!, admin: options.kafkaUser };
    this.#around = {
      postgresUrl: this.postgresUrl,
      kafkaBrokers: this.kafka.internal,
      sharedKafkaUser: kafka ? undefined : (options.kafkaUser ?? 'none'),
      issuerUrl: issuer.url,
      keyDirectory: data.at('keys'),
      logDirectory: data.at('log'),
      secrets: data.secrets,
    };
  }

  /** Where the issuer and the first instance of each service listen, whether they run or not. */
  get urls(): Record<'issuer' | ServiceName, string> {
    const services = SERVICES.map((name) => [name, `http://127.0.0.1:${servicePort(this.#portBase, name)}`]);
    return { issuer: this.infrastructure.issuer.url, ...Object.fromEntries(services) };
  }

  /** Every process of the stack that was started and not stopped for good, in the order of starting. */
  get components(): Component[] {
    const { issuer, postgres, kafka } = this.infrastructure;
    return [issuer, postgres, kafka, this.#witness, ...this.#services.values()].filter(
      (component) => component !== undefined,
    );
  }

  /** Undefined where the stack was started without one. */
  get witness(): WitnessProcess | undefined {
    return this.#witness;
  }

  /** Before audit, which has to know its key. */
  async #startWitness(): Promise<void> {
    const { data, guardian } = this.infrastructure;
    this.#witness = await WitnessProcess.prepare({ port: witnessPort(this.#portBase), data, guardian });
    this.#around.witness = `${this.#witness.verifierKey} ${this.#witness.url}`;
    await this.#witness.start();
  }

  /** Starts a process of a service and returns when it is ready. Throws `StackFailure`. */
  async startService(name: ServiceName, options: StartServiceOptions = {}): Promise<ServiceProcess> {
    const { instance = name, env = {} } = options;
    if (this.#services.get(instance)?.isRunning) throw new Error(`an instance ${instance} already runs`);
    const port = options.port ?? (instance === name ? servicePort(this.#portBase, name) : (await freePorts(1))[0]!);
    const { data, guardian } = this.infrastructure;
    const service = new ServiceProcess({
      name,
      instance,
      port,
      data,
      guardian,
      env: { ...serviceEnvironment(name, instance, port, this.#around), ...env },
    });
    this.#services.set(instance, service);
    await service.start();
    return service;
  }

  /** A process started before: to kill, pause, stop or start it again. `instance` is the service's name by default. */
  service(instance: ServiceName | (string & {})): ServiceProcess {
    const service = this.#services.get(instance);
    if (service === undefined) throw new Error(`no instance ${instance} was started`);
    return service;
  }

  /** A token as the persona or with these claims. */
  tokenFor(whom: PersonaName | Claims, options?: TokenOptions): Promise<string> {
    return this.infrastructure.issuer.tokenFor(whom, options);
  }

  /** Stops everything: the services first, then what they stand on. */
  async stop(): Promise<void> {
    await Promise.all([...this.#services.values(), this.#witness].map((component) => component?.stop()));
    await this.infrastructure.stop();
  }

  /** kill -9 of everything, as a power cut would. The data stay. */
  async kill(): Promise<void> {
    await Promise.all(this.components.map((component) => component.kill()));
    await this.infrastructure.stop();
  }
}
