import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AGENCY_ACCREDITED,
  type AttributeCode,
  type AttributeValues,
  agencyStream,
  attributeSet,
  CHANGE_KIND,
  type ChangeKind,
  encodeSealedChange,
  feedTopic,
  GRANT_ACTIVATED,
  GRANT_STOPPED,
  type GrantFenceApplied,
  type GrantTerms,
  HEADER,
  LANES,
  laneOf,
  partitionOf,
  type ReplayExtent,
  sealedChangeAad,
  TOPICS,
} from '@sluice/contracts';
import { type EventContext, EventStore, migrate } from '@sluice/event-store';
import { createTestDatabase, type Infrastructure, migrationPlans, startTestInfrastructure } from '@sluice/local-stack';
import {
  createRecordProducer,
  type KafkaConnection,
  type OutgoingRecord,
  PartitionPuller,
  type PulledRecord,
  type RecordProducer,
} from '@sluice/messaging';
import { createLogger, isRefusal } from '@sluice/platform';
import { ContentKeys, FileKeyProvider, openBlock, PairwiseIds, SubjectKeys, seal } from '@sluice/vault';
import { exportJWK, generateKeyPair } from 'jose';
import { Pool } from 'pg';
import { Dispatcher } from '../dispatch/dispatcher.js';
import type { ReplayMove } from '../domain/replay-plan.js';
import { FeedProvisioner } from '../feeds/feed-provisioner.js';
import { LedgerStore } from '../ledger/ledger-store.js';
import type { WorkerContext } from '../partition/partition-worker.js';
import { ReplayParts } from '../replay/replay-parts.js';
import { ReplayPlans } from '../replay/replay-plans.js';
import { OPEN_GATE } from './open-gate.js';

const YEAR_MS = 365 * 24 * 3_600_000;

/** One delivery as its recipient reads it. */
export interface Received {
  sequence: number;
  type: string;
  time: string;
  subject?: string;
  replay?: string;
  data: { attributes?: Record<string, unknown>; state?: string };
}

/** Plays registry, consent, vetting and the recipients against real Kafka and PostgreSQL of its own. */
export class DeliveryWorld {
  #position = 0;
  readonly #versions = new Map<string, number>();
  readonly #events: EventStore;
  readonly replays: ReplayPlans;

  private constructor(
    private readonly infrastructure: Infrastructure,
    readonly pool: Pool,
    readonly kafka: KafkaConnection,
    readonly producer: RecordProducer,
    readonly subjectKeys: SubjectKeys,
    readonly contentKeys: ContentKeys,
    readonly pairwise: PairwiseIds,
  ) {
    this.#events = new EventStore({ pool, schema: 'delivery' });
    this.replays = new ReplayPlans(pool, this.#events);
  }

  static async start(): Promise<DeliveryWorld> {
    const infrastructure = await startTestInfrastructure();
    const database = await createTestDatabase(infrastructure.postgres!.url);
    await migrate(database.url, migrationPlans());
    const pool = new Pool({ connectionString: database.url });
    pool.on('error', () => {});
    const { username, password } = infrastructure.kafka!.admin;
    const kafka = { brokers: infrastructure.kafka!.internal, username, password, clientId: 'delivery-test' };
    const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
    await FileKeyProvider.createRootKey(folder);
    const keys = await FileKeyProvider.open(folder);
    return new DeliveryWorld(
      infrastructure,
      pool,
      kafka,
      createRecordProducer(kafka),
      new SubjectKeys({ pool, provider: keys }),
      await ContentKeys.create(keys),
      await PairwiseIds.create(keys),
    );
  }

  /** What a worker needs, with real parts; a test may put another dispatcher in its place to crash at a point. */
  workerContext(): WorkerContext {
    return {
      store: new LedgerStore(this.pool),
      dispatcher: new Dispatcher(this.producer),
      feeds: new FeedProvisioner(this.kafka),
      subjectKeys: this.subjectKeys,
      contentKeys: this.contentKeys,
      pairwise: this.pairwise,
      gate: OPEN_GATE,
      replayParts: new ReplayParts(this.pool),
      replayEnds: this.replays,
      logger: createLogger({ name: 'delivery', instance: 'test', level: 'silent' }),
      observe: { dispatched: () => {}, lag: () => {} },
    };
  }

  newPuller(): PartitionPuller {
    return new PartitionPuller(this.kafka);
  }

  async accredit(agency: string, attributes: AttributeCode[]): Promise<void> {
    const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
    const { kty, crv, x, y } = await exportJWK(publicKey);
    await this.#publish(TOPICS.vetting.name, 1, agencyStream(agency), AGENCY_ACCREDITED, {
      agency,
      agencyVersion: 3,
      details: { name: { en: agency, zh: agency }, uscc: '91310000MA1FL0001R', kind: 'bank' },
      scope: {
        receives: [{ purpose: 'kyc-refresh', attributes, modes: ['stream', 'snapshot'] }],
        publishes: [],
        until: new Date(Date.now() + YEAR_MS).toISOString(),
      },
      publicKey: { kty, crv, x, y },
      keyEpoch: 1,
    });
  }

  /** An active grant with its snapshot already answered. Returns its id. */
  async grant(subject: string, agency: string, attributes: AttributeCode[]): Promise<string> {
    const grant = randomUUID();
    await this.consent(GRANT_ACTIVATED, subject, grant, 2, { agency, attributes });
    await this.change(subject, {}, CHANGE_KIND.snapshot, { grant, grantVersion: 2 });
    return grant;
  }

  async stop(subject: string, grant: string, agency: string, attributes: AttributeCode[]): Promise<void> {
    await this.consent(GRANT_STOPPED, subject, grant, 3, { agency, attributes }, { stop: 'withdrawn' });
  }

  async consent(
    type: string,
    subject: string,
    grant: string,
    grantVersion: number,
    part: Pick<GrantTerms, 'agency' | 'attributes'>,
    more: Record<string, unknown> = {},
  ): Promise<void> {
    const terms: GrantTerms = {
      ...part,
      purpose: 'kyc-refresh',
      mode: 'stream',
      validFrom: new Date(Date.now() - 1_000).toISOString(),
      validUntil: new Date(Date.now() + YEAR_MS).toISOString(),
      dataLifeDays: 30,
      basis: 'consent',
    };
    await this.#publish(TOPICS.consent.name, LANES, subject, type, { grant, subject, grantVersion, terms, ...more });
  }

  /** A replay that an operator planned and a supervisor approved. Returns its id. */
  async approvedReplay(agency: string, extent: ReplayExtent, rate = 1_000): Promise<string> {
    const id = randomUUID();
    const now = Date.now();
    const impact = { lanes: [], persons: 0, deliveries: 0, refusals: [] };
    const plan = { id, agency, extent, rate, reason: 'a test', impact, plannedBy: 'staff:otto', plannedAt: now };
    await this.replays.add({ ...plan, state: 'planned', movedAt: now }, { context: contextOf('staff:otto') });
    await this.moveReplay(id, 'approve', 'staff:sol');
    return id;
  }

  async runReplay(agency: string, extent: ReplayExtent, rate?: number): Promise<string> {
    const id = await this.approvedReplay(agency, extent, rate);
    await this.moveReplay(id, 'run');
    return id;
  }

  async moveReplay(id: string, move: ReplayMove, by = 'staff:otto'): Promise<void> {
    const moved = await this.replays.move(id, move, Date.now(), { context: contextOf(by) });
    if (isRefusal(moved)) throw new Error(`${move}: ${moved.refused}`);
  }

  /** A change as registry publishes it. */
  async change(
    subject: string,
    attributes: AttributeValues,
    kind: ChangeKind = CHANGE_KIND.changed,
    answers?: { grant: string; grantVersion: number },
  ): Promise<void> {
    await this.producer.send([await this.changeRecord(subject, attributes, kind, answers)]);
  }

  async changeRecord(
    subject: string,
    attributes: AttributeValues,
    kind: ChangeKind = CHANGE_KIND.changed,
    answers?: { grant: string; grantVersion: number },
  ): Promise<OutgoingRecord> {
    await this.subjectKeys.preload([subject], true);
    const version = (this.#versions.get(subject) ?? 0) + 1;
    this.#versions.set(subject, version);
    const set = attributeSet(Object.keys(attributes) as AttributeCode[]);
    const aad = sealedChangeAad(subject, kind, set, version);
    const sealed = seal(this.subjectKeys.get(subject)!, aad, Buffer.from(JSON.stringify({ attributes })));
    const change = { kind, assurance: 1, actor: `person:${subject}`, attributes: set, version, sealed } as const;
    const value = encodeSealedChange({ ...change, ...(answers && { answers }) });
    return this.record(TOPICS.registry.name, LANES, subject, 'sluice.registry.attributes-changed.v1', value);
  }

  record(topic: string, partitions: number, key: string, type: string, value: Buffer): OutgoingRecord {
    this.#position += 1;
    const keyBytes = Buffer.from(key);
    return {
      topic,
      partition: partitionOf(keyBytes, partitions),
      key: keyBytes,
      value,
      headers: {
        [HEADER.id]: randomUUID(),
        [HEADER.type]: type,
        [HEADER.time]: new Date().toISOString(),
        [HEADER.actor]: 'service:test',
        [HEADER.logPosition]: `${this.#position}.${this.#position}`,
      },
    };
  }

  /** The raw blocks of one lane of a feed. */
  async blocks(agency: string, lane: number): Promise<PulledRecord[]> {
    const puller = this.newPuller();
    const records: PulledRecord[] = [];
    for (;;) {
      const want = { topic: feedTopic(agency), partition: lane, offset: BigInt(records.length), maxBytes: 4 << 20 };
      const [answer] = await puller.pull([want], { maxWaitMs: 50 });
      records.push(...(answer?.records ?? []));
      if (answer !== undefined && BigInt(records.length) >= answer.highWatermark) break;
    }
    await puller.close();
    return records;
  }

  /** What a recipient that follows the client rules applies from a lane. */
  async received(agency: string, lane: number): Promise<Received[]> {
    const applied: Received[] = [];
    for (const record of await this.blocks(agency, lane)) {
      const headers = Object.fromEntries(record.headers.map(([name, value]) => [name.toString(), value.toString()]));
      const [first, count] = [Number(headers.sluice_first), Number(headers.sluice_count)];
      const last = applied.at(-1)?.sequence ?? 0;
      if (first + count - 1 <= last) continue;
      if (first !== last + 1) throw new Error(`gap in ${agency}/${lane}: ${last} then ${first}`);
      const { key } = await this.contentKeys.of(agency, 1, await this.#publicKey(agency));
      const place = { agency, lane, first, count, previous: headers.sluice_previous! };
      const events = JSON.parse(openBlock(key, place, record.value).toString()) as (Received & { sequence: string })[];
      applied.push(...events.map((event) => ({ ...event, sequence: Number(event.sequence) })));
    }
    return applied;
  }

  /** The fences of grants that were published for a partition. */
  async fences(partition: number): Promise<GrantFenceApplied[]> {
    const puller = this.newPuller();
    const want = { topic: TOPICS.fences.name, partition, offset: 0n, maxBytes: 1 << 20 };
    const [answer] = await puller.pull([want], { maxWaitMs: 1_000 });
    await puller.close();
    return (answer?.records ?? []).map((record) => JSON.parse(record.value.toString()) as GrantFenceApplied);
  }

  async close(): Promise<void> {
    await this.producer.close();
    await this.#events.close();
    await this.pool.end();
    await this.infrastructure.stop();
  }

  /** Any key will do: the content key is derived from agency and epoch alone. */
  async #publicKey(agency: string): Promise<{ kty: string; crv: string; x: string; y: string }> {
    let key = this.#anyKeys.get(agency);
    if (key === undefined) {
      const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
      key = (await exportJWK(publicKey)) as { kty: string; crv: string; x: string; y: string };
      this.#anyKeys.set(agency, key);
    }
    return key;
  }

  readonly #anyKeys = new Map<string, { kty: string; crv: string; x: string; y: string }>();

  async #publish(topic: string, partitions: number, key: string, type: string, data: unknown): Promise<void> {
    await this.producer.send([this.record(topic, partitions, key, type, Buffer.from(JSON.stringify(data)))]);
  }
}

function contextOf(actor: string): EventContext {
  return { actor, correlationId: randomUUID() };
}

/** A person in this lane. */
export function subjectIn(lane: number): string {
  for (;;) {
    const subject = randomUUID();
    if (laneOf(subject) === lane) return subject;
  }
}
