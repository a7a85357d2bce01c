import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DataDirectory, damaged, fromAnotherVersion } from '../data-directory.js';
import { diskFull, StackFailure } from '../failure.js';
import { PACKAGE_ROOT } from '../paths.js';
import { type InfrastructurePorts, portBusy, requireFreePort } from '../ports.js';
import { Component } from '../process/component.js';
import type { Guardian } from '../process/guardian.js';
import { ManagedProcess } from '../process/managed-process.js';
import { endOrphanOf } from '../process/orphan.js';
import { isServing } from './admin.js';
import { brokerProperties, jwksUrl } from './broker-properties.js';
import { archiveOptions, keepArchive } from './class-archive.js';
import { type Java, requireJava } from './java.js';
import { type KafkaLibraries, kafkaLibraries } from './libraries.js';
import { KAFKA_USERS, type KafkaCredentials, kafkaPassword, scramCredential } from './users.js';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 6_000;
/** Writing the class archive takes up to 7 s of a slow machine, and one that is cut off would be begun at every stop. */
const ARCHIVING_STOP_TIMEOUT_MS = 12_000;
const POLL_MS = 50;
/** Java compiles, but does not optimise. */
const C1_ONLY = '-XX:TieredStopAtLevel=1';
const LOGGING = `-Dlog4j2.configurationFile=${join(PACKAGE_ROOT, 'kafka', 'log4j2.xml')}`;

export interface KafkaOptions {
  data: DataDirectory;
  ports: InfrastructurePorts;
  /** Must already serve its keys: the broker fetches them when it starts. */
  issuerUrl: string;
  guardian: Guardian;
  durable: boolean;
  onProgress?: (line: string) => void;
}

/** The embedded Kafka (KRaft), one node on 127.0.0.1 only. */
export class KafkaBroker extends Component {
  override readonly title = 'Kafka';
  /** `host:port` for services and administration, SCRAM-SHA-512. */
  readonly internal: string[];
  /** `host:port` for agencies, OAUTHBEARER. */
  readonly agency: string[];
  readonly admin: KafkaCredentials;
  readonly #options: KafkaOptions;
  readonly #directory: string;
  #afterStop: () => void = () => {};

  constructor(options: KafkaOptions) {
    super();
    this.#options = options;
    this.#directory = options.data.at('kafka');
    this.internal = [`127.0.0.1:${options.ports.kafkaInternal}`];
    this.agency = [`127.0.0.1:${options.ports.kafkaAgency}`];
    this.admin = { username: 'admin', password: kafkaPassword(options.data.secrets, 'admin') };
  }

  protected override async launch(): Promise<void> {
    const { data, ports, durable, onProgress } = this.#options;
    if (await endOrphanOf(data.runFile('kafka'), 'SIGTERM', STOP_TIMEOUT_MS)) {
      onProgress?.('Kafka: stopped the broker left by a start that was killed');
    }
    await requireFreePort(ports.kafkaInternal, 'Kafka for services');
    await requireFreePort(ports.kafkaController, 'Kafka controller');
    await requireFreePort(ports.kafkaAgency, 'Kafka for agencies');
    const java = await requireJava();
    const libraries = await kafkaLibraries(java, onProgress);
    await this.#initialise(java, libraries);
    const freshArchive = data.at('run', 'kafka-classes.jsa');
    this.adopt(
      await ManagedProcess.start({
        command: java.command,
        args: [
          '-Xmx512m',
          // Code is optimised for minutes, with a third of a core: a broker whose data nobody keeps ends before that pays.
          ...(durable ? [] : [C1_ONLY]),
          ...archiveOptions(libraries.classArchive, freshArchive),
          LOGGING,
          `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${jwksUrl(this.#options.issuerUrl)}`,
          '-cp',
          libraries.classPath,
          'kafka.Kafka',
          this.#writeProperties('kafka.properties', this.#directory),
        ],
        logFile: data.logFile('kafka'),
        runFile: data.runFile('kafka'),
        stopSignal: 'SIGTERM',
        stopTimeoutMs: existsSync(libraries.classArchive) ? STOP_TIMEOUT_MS : ARCHIVING_STOP_TIMEOUT_MS,
        guardian: this.#options.guardian,
      }),
    );
    this.#afterStop = () => keepArchive(freshArchive, libraries.classArchive);
    await this.#ready();
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.#afterStop();
    this.#afterStop = () => {};
  }

  /** Formats the data folder where there is none yet. */
  async #initialise(java: Java, libraries: KafkaLibraries): Promise<void> {
    if (existsSync(this.#directory)) return this.#requireUsable();
    const { data, onProgress } = this.#options;
    onProgress?.('Kafka: formatting the data folder (first start only)');
    // Made beside and renamed: what carries the final name is whole.
    const forming = `${this.#directory}.forming`;
    rmSync(forming, { recursive: true, force: true });
    mkdirSync(forming, { recursive: true });
    const properties = this.#writeProperties('kafka-format.properties', forming);
    const users = KAFKA_USERS.flatMap((user) => [
      '--add-scram',
      scramCredential(user, kafkaPassword(data.secrets, user)),
    ]);
    try {
      await promisify(execFile)(java.command, [
        '-Xmx128m',
        C1_ONLY,
        `-XX:SharedArchiveFile=${libraries.classArchive}`,
        LOGGING,
        '-cp',
        libraries.classPath,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        freshClusterId(),
        '-c',
        properties,
        ...users,
      ]);
    } catch (error) {
      const said = `${(error as { stdout?: string }).stdout ?? ''}${(error as { stderr?: string }).stderr ?? ''}`;
      if (said.includes('No space left')) throw diskFull(data.path, error);
      // The command line in the error holds the users' credentials: it is not passed on as the cause.
      throw new StackFailure('kafka-failed', `Kafka could not format its data folder: ${lastLine(said)}`);
    }
    rmSync(properties);
    renameSync(forming, this.#directory);
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    const process = this.process;
    const progress = setTimeout(() => this.#options.onProgress?.('Kafka: starting'), 5_000);
    try {
      while (!(await isServing(this.internal, this.admin))) {
        if (process.exit) throw this.#explain(process.output());
        if (Date.now() > deadline) {
          await this.stop();
          throw new StackFailure(
            'kafka-failed',
            `Kafka was not ready after ${START_TIMEOUT_MS / 1000} s; see ${this.#options.data.logFile('kafka')}.`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      clearTimeout(progress);
    }
  }

  /** Among the secrets, since the broker takes its own passwords from its configuration. */
  #writeProperties(name: string, logDirectory: string): string {
    const { data, ports, issuerUrl } = this.#options;
    const file = data.secrets.path(name);
    const here = (port: number) => ({ bind: `127.0.0.1:${port}`, advertised: `127.0.0.1:${port}` });
    const properties = brokerProperties({
      internal: here(ports.kafkaInternal),
      agency: here(ports.kafkaAgency),
      controller: `127.0.0.1:${ports.kafkaController}`,
      issuerUrl,
      logDirectory,
      brokerPassword: kafkaPassword(data.secrets, 'broker'),
      controllerPassword: kafkaPassword(data.secrets, 'controller'),
    });
    writeFileSync(file, properties, { mode: 0o600 });
    return file;
  }

  #requireUsable(): void {
    const path = this.#options.data.path;
    let meta: string;
    try {
      meta = readFileSync(join(this.#directory, 'meta.properties'), 'utf8');
    } catch (error) {
      throw damaged(path, 'its Kafka files are incomplete', error);
    }
    if (!/^version=1$/m.test(meta)) throw fromAnotherVersion(path, 'another version of Kafka');
  }

  #explain(said: string): StackFailure {
    const { data, ports } = this.#options;
    if (/Address already in use/.test(said)) {
      const port = Number(/:(\d+)/.exec(said)?.[1] ?? ports.kafkaInternal);
      return portBusy(port, 'Kafka');
    }
    if (/No space left on device/.test(said)) return diskFull(data.path);
    if (/metadata\.version|feature level|is not supported/i.test(said)) {
      return fromAnotherVersion(data.path, 'another version of Kafka');
    }
    if (/InconsistentClusterId|Corrupt|Invalid cluster|meta\.properties|InvalidRecord|\.checkpoint/i.test(said)) {
      return damaged(data.path, 'Kafka cannot recover from its files');
    }
    return new StackFailure('kafka-failed', `Kafka did not start; see ${data.logFile('kafka')}.`);
  }
}

/** Kafka's own form: 16 random bytes as base64url, not starting with a dash (it would look like an option). */
export function freshClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
