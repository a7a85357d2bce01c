import { type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import { AGENCY_ACCREDITED, AGENCY_RESTORED, type AttributeCode, agencyStream, TOPICS } from '@sluice/contracts';
import { createLogger, createService, type RunningService, type ServiceConfig } from '@sluice/platform';
import { FileKeyProvider, SubjectKeys } from '@sluice/vault';
import { registryService } from '../registry.service.js';
import { RegistryDatabase } from './registry-database.js';
import { TestIssuer } from './test-issuer.js';
import { OtherService, TopicWatch } from './topics.js';

export interface Surroundings {
  /** The owner's connection to an empty database. */
  databaseUrl: string;
  kafka: { brokers: string[]; username: string; password: string };
}

/** What the registry does not look at, by its contract. */
const AGENCY_DETAILS = {
  details: {
    name: { en: 'Harbour Bank', zh: '港湾银行' },
    uscc: '91350100M000100Y43',
    kind: 'bank',
  },
  publicKey: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) },
  keyEpoch: 1,
};

export interface Answered {
  status: number;
  headers: Headers;
  // What a test finds in an answer is what it asserts.
  body: Record<string, unknown>;
  text: string;
}

export interface Call {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Another instance than the first. */
  at?: RunningService;
}

/** The whole registry in this process, on real PostgreSQL and Kafka, and what a test needs around it. */
export class RegistryUnderTest {
  readonly logs: string[] = [];
  private readonly instances: RunningService[] = [];
  private readonly agencyVersions = new Map<string, number>();

  private constructor(
    readonly issuer: TestIssuer,
    readonly database: RegistryDatabase,
    readonly kafka: Surroundings['kafka'],
    readonly others: OtherService,
    readonly events: TopicWatch,
    readonly accesses: TopicWatch,
    private readonly keyDir: string,
  ) {}

  static async start({ databaseUrl, kafka }: Surroundings): Promise<RegistryUnderTest> {
    const connection = { ...kafka, clientId: 'registry-test' };
    const keyDir = await mkdtemp(join(tmpdir(), 'registry-keys-'));
    await FileKeyProvider.createRootKey(keyDir);
    const registry = new RegistryUnderTest(
      await TestIssuer.start(),
      await RegistryDatabase.migrate(databaseUrl),
      kafka,
      new OtherService(connection),
      await TopicWatch.start(connection, TOPICS.registry),
      await TopicWatch.start(connection, TOPICS.access),
      keyDir,
    );
    await registry.startInstance();
    return registry;
  }

  /** Another process of the registry would do the same; the group is this test's own. */
  async startInstance(): Promise<RunningService> {
    const instance = `test-${this.instances.length + 1}`;
    const config: ServiceConfig = {
      port: 0,
      host: '127.0.0.1',
      databaseUrl: this.database.url,
      kafka: { ...this.kafka, clientId: instance },
      issuer: this.issuer.url,
      jwksUrl: this.issuer.url,
      audience: 'sluice-api',
      keyDir: this.keyDir,
      logLevel: 'info',
      instance,
    };
    const logger = createLogger(
      { name: 'registry', instance, level: 'trace' },
      { write: (line) => void this.logs.push(line) },
    );
    const service = await createService({ ...registryService(config, this.groups), logger });
    this.instances.push(service);
    return service;
  }

  private readonly groups = `registry.test-${randomBytes(5).toString('hex')}.`;

  /** The data key of a subject, as delivery would load it. */
  async dataKey(subject: string): Promise<KeyObject> {
    const keys = new SubjectKeys({ pool: this.database.admin, provider: await FileKeyProvider.open(this.keyDir) });
    await keys.preload([subject], false);
    return keys.get(subject)!;
  }

  /** A part of the first instance, for what cannot be caused from outside. */
  part<T>(type: Type<T>): T {
    return this.instances[0]!.app.get(type, { strict: false });
  }

  get url(): string {
    return this.instances[0]!.url;
  }

  /** Lets an agency publish, as vetting would; resolves when the registry knows. */
  async accredit(agency: string, publishes: readonly AttributeCode[], until = '2099-01-01T00:00:00Z'): Promise<void> {
    const version = (this.agencyVersions.get(agency) ?? 0) + 1;
    this.agencyVersions.set(agency, version);
    const data = { ...AGENCY_DETAILS, agency, agencyVersion: version, scope: { receives: [], publishes, until } };
    await this.others.publish(TOPICS.vetting, AGENCY_ACCREDITED, agencyStream(agency), data, version);
    await this.untilKnown(agency, version);
  }

  /** Another event of vetting about an accredited agency; resolves when the registry knows. */
  async sanction(agency: string, type: string): Promise<void> {
    const version = this.agencyVersions.get(agency)! + 1;
    this.agencyVersions.set(agency, version);
    const data = {
      agency,
      agencyVersion: version,
      by: 'staff:sol',
      ...(type !== AGENCY_RESTORED && { reason: 'a test' }),
    };
    await this.others.publish(TOPICS.vetting, type, agencyStream(agency), data, version);
    await this.untilKnown(agency, version);
  }

  private async untilKnown(agency: string, version: number): Promise<void> {
    for (;;) {
      const { rowCount } = await this.database.admin.query(
        'select from registry.publisher where agency = $1 and agency_version = $2',
        [agency, version],
      );
      if (rowCount === 1) return;
      await sleep(20);
    }
  }

  /** A request; commands get an Idempotency-Key unless they bring one. */
  async call(method: string, path: string, { token, body, headers, at }: Call = {}): Promise<Answered> {
    const response = await fetch(`${at?.url ?? this.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method !== 'GET' && { 'idempotency-key': randomUUID() }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
      text,
    };
  }

  async stop(): Promise<void> {
    for (const instance of this.instances) await instance.close();
    await Promise.all([this.events.close(), this.accesses.close(), this.others.close(), this.issuer.stop()]);
    await this.database.close();
    await rm(this.keyDir, { recursive: true });
  }
}
