import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AccreditationScope,
  acceptGrant,
  type EndpointContract,
  type GrantView,
  giveGrant,
  offerGrant,
  type ReplyOf,
  readAlias,
  requestGrant,
  TOPICS,
} from '@sluice/contracts';
import { createTestDatabase } from '@sluice/local-stack';
import { createLogger, createService, type RunningService, type ServiceConfig } from '@sluice/platform';
import { FileKeyProvider, PairwiseIds } from '@sluice/vault';
import { inject } from 'vitest';
import { consentService } from '../consent.service.js';
import { ConsentDatabase } from './consent-database.js';
import { PROPOSAL, SHOWN } from './grants.js';
import { PlayedDelivery, PlayedVetting } from './played-services.js';
import { TestIssuer } from './test-issuer.js';
import { OtherService, TopicWatch } from './topics.js';

/** Problems every endpoint may answer, beside those of its contract. */
const COMMON: readonly string[] = [
  'token-missing',
  'not-allowed',
  'validation-failed',
  'idempotency-key-required',
  'cannot-record',
  'concurrent-change',
];

export interface Call {
  readonly as?: string;
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  /** Idempotency-Key; a fresh one unless told otherwise. */
  readonly key?: string;
  readonly ifMatch?: number;
  /** `Prefer: wait`, in seconds. */
  readonly wait?: number;
  /** Which instance; the first unless told otherwise. */
  readonly at?: RunningService;
}

export interface Answered<C> {
  readonly status: number;
  /** Empty unless the answer is a problem. */
  readonly problem: string;
  readonly body: ReplyOf<C>;
  readonly headers: Headers;
  readonly errors: { path: string; rule: string }[] | undefined;
}

/** Of `Prefer: wait`. */
const LONGEST_WAIT_S = 5;
const MOST_TRIES = 15;

/** A person and an agency that knows them by an alias. */
export interface Pair {
  readonly person: string;
  readonly subject: string;
  readonly bank: string;
  readonly agency: string;
  readonly alias: string;
}

/** The whole service in this process, on real PostgreSQL and Kafka, with delivery and vetting played over Kafka. */
export class ConsentUnderTest {
  readonly logs: string[] = [];
  readonly instances: RunningService[] = [];
  readonly #groups = `consent.test-${randomBytes(5).toString('hex')}.`;

  private constructor(
    readonly issuer: TestIssuer,
    readonly database: ConsentDatabase,
    readonly kafka: OtherService,
    readonly events: TopicWatch,
    readonly accesses: TopicWatch,
    readonly delivery: PlayedDelivery,
    readonly vetting: PlayedVetting,
    readonly aliases: PairwiseIds,
    private readonly keyDir: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  static async start(): Promise<ConsentUnderTest> {
    const connection = { ...inject('kafka'), clientId: 'consent-test' };
    const { url, drop } = await createTestDatabase(inject('pgUrl'));
    const keyDir = await mkdtemp(join(tmpdir(), 'consent-keys-'));
    await FileKeyProvider.createRootKey(keyDir);
    const kafka = new OtherService(connection);
    const events = await TopicWatch.start(connection, TOPICS.consent);
    const vetting = new PlayedVetting(kafka);
    const consent = new ConsentUnderTest(
      await TestIssuer.start(),
      await ConsentDatabase.migrate(url),
      kafka,
      events,
      await TopicWatch.start(connection, TOPICS.access),
      new PlayedDelivery(events, kafka, (agency) => vetting.versionOf(agency) > 0),
      vetting,
      await PairwiseIds.create(await FileKeyProvider.open(keyDir)),
      keyDir,
      drop,
    );
    await consent.startInstance();
    return consent;
  }

  /** Another process of the service would do the same. */
  async startInstance(): Promise<RunningService> {
    const instance = `test-${randomBytes(3).toString('hex')}`;
    const config: ServiceConfig = {
      port: 0,
      host: '127.0.0.1',
      databaseUrl: this.database.url,
      kafka: { ...inject('kafka'), clientId: instance },
      issuer: this.issuer.url,
      jwksUrl: this.issuer.url,
      audience: 'sluice-api',
      keyDir: this.keyDir,
      logLevel: 'info',
      instance,
    };
    const logger = createLogger(
      { name: 'consent', instance, level: 'info' },
      { write: (line) => void this.logs.push(line) },
    );
    const service = await createService({ ...consentService(config, this.#groups), logger });
    this.instances.push(service);
    return service;
  }

  async stopInstance(service: RunningService): Promise<void> {
    this.instances.splice(this.instances.indexOf(service), 1);
    await service.close();
  }

  async stop(): Promise<void> {
    for (const service of [...this.instances]) await this.stopInstance(service);
    await Promise.all([this.events.close(), this.accesses.close(), this.issuer.stop()]);
    await this.kafka.close();
    await this.database.admin.end();
    await this.dropDatabase();
    await rm(this.keyDir, { recursive: true });
  }

  /**
   * Calls an endpoint by its contract, and holds the answer against it. What is not effective yet is asked for again
   * under its key, as a client would, unless the test says that it waits less than it may.
   */
  async call<C extends EndpointContract>(contract: C, call: Call = {}): Promise<Answered<C>> {
    if (!contract.waits || (call.wait ?? LONGEST_WAIT_S) < LONGEST_WAIT_S) return await this.#once(contract, call);
    const again = { key: randomUUID(), ...call, wait: LONGEST_WAIT_S };
    for (let tries = 1; ; tries++) {
      const answer = await this.#once(contract, again);
      if (answer.status !== 202 || tries === MOST_TRIES) return answer;
    }
  }

  async #once<C extends EndpointContract>(contract: C, call: Call): Promise<Answered<C>> {
    const { as, params = {}, query, body, key = randomUUID(), ifMatch, wait, at = this.instances[0]! } = call;
    const path = contract.path.replace(/:(\w+)/g, (_all, name: string) => params[name]!);
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const response = await fetch(`${at.url}${path}${search}`, {
      method: contract.method,
      headers: {
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
        ...(contract.idempotent && { 'idempotency-key': key }),
        ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
        ...(wait !== undefined && { prefer: `wait=${wait}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    const answer = (await response.json()) as ReplyOf<C> & { code?: string; errors?: Answered<C>['errors'] };
    const problem = status < 300 ? '' : answer.code!;
    if (problem === '') {
      contract.reply.parse(answer);
      if (![contract.status, ...(contract.otherStatuses ?? [])].includes(status as 200)) throw new Error(`${status}`);
    } else if (!COMMON.includes(problem) && !(contract.problems as readonly string[]).includes(problem)) {
      throw new Error(`${contract.id} answered ${problem}, which its contract does not name`);
    }
    return { status, problem, body: answer, headers, errors: answer.errors };
  }

  /** A fresh agency that is accredited, and known to be by every instance. */
  async agency(scope?: AccreditationScope): Promise<string> {
    const agency = `bank-${randomBytes(5).toString('hex')}`;
    await this.vetting.accredit(agency, scope);
    await this.untilVettingIsKnown(agency);
    return agency;
  }

  /** Resolves when all that was said of an agency has come. */
  async untilVettingIsKnown(agency: string): Promise<void> {
    await until(async () => {
      const text = 'select from consent.accreditation where agency = $1 and agency_version = $2';
      return (await this.database.rows(text, agency, this.vetting.versionOf(agency))).length === 1;
    });
  }

  async pair(agency?: string): Promise<Pair> {
    const known = agency ?? (await this.agency());
    const bank = await this.issuer.agency(known);
    const subject = randomUUID();
    const person = await this.issuer.person(subject);
    const { body } = await this.call(readAlias, { as: person, params: { agency: known } });
    return { person, subject, bank, agency: known, alias: body.alias };
  }

  /** The agency asks. */
  async requested(pair: Pair, terms: object = {}): Promise<GrantView> {
    const { agency: _, ...proposal } = PROPOSAL;
    const body = { subject: pair.alias, ...proposal, ...terms };
    return (await this.call(requestGrant, { as: pair.bank, body })).body;
  }

  /** The person offers. */
  async offered(pair: Pair, terms: object = {}): Promise<GrantView> {
    const body = { ...PROPOSAL, agency: pair.agency, shown: SHOWN, ...terms };
    return (await this.call(offerGrant, { as: pair.person, body })).body;
  }

  /** Both sides agreed: active, or in review. */
  async agreed(pair: Pair, terms: object = {}): Promise<GrantView> {
    const { grant } = await this.requested(pair, terms);
    return (await this.call(giveGrant, { as: pair.person, params: { grant }, body: { shown: SHOWN } })).body;
  }

  /** The same, the other way round. */
  async accepted(pair: Pair, terms: object = {}): Promise<GrantView> {
    const { grant } = await this.offered(pair, terms);
    return (await this.call(acceptGrant, { as: pair.bank, params: { grant } })).body;
  }
}

/** Waits until something is so. */
export async function until(holds: () => Promise<boolean>, timeoutMs = 45_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`not so after ${timeoutMs} ms`);
    await sleep(15);
  }
}
