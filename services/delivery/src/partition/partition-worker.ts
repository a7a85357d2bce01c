import { setTimeout as gather } from 'node:timers/promises';
import { TOPICS } from '@sluice/contracts';
import type { Agencies } from '@sluice/decision';
import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import type { Logger } from '@sluice/platform';
import type { ContentKeys, PairwiseIds, SubjectKeys } from '@sluice/vault';
import type { AuditGate } from '../audit-gate/audit-gate.js';
import { Aliases } from '../dispatch/aliases.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { remakeBatch } from '../dispatch/redispatch.js';
import type { FeedProvisioner } from '../feeds/feed-provisioner.js';
import type { LaneState, PartitionState } from '../ledger/batch-effects.js';
import type { LedgerStore, ParkedChange } from '../ledger/ledger-store.js';
import type { ReplayParts } from '../replay/replay-parts.js';
import { type ReplayEnds, ReplayWork } from '../replay/replay-work.js';
import { BatchReader, type Reading } from './batch-reader.js';
import { type DecidedBatch, decideBatch } from './decide-batch.js';
import { GrantViews } from './grant-views.js';
import { readAgencies } from './read-agencies.js';
import { reread } from './reread.js';

/**
 * After a small batch the worker lets so much time pass before it reads again: what trickles in then shares a commit and a
 * block, and the machine is not kept busy by batches of one. Stops and snapshots at rest do not wait: nothing came before.
 */
const GATHER_MS = 5;
const SMALL_BATCH = 100;
/** Parked changes are looked at this often while there are any. */
const PARKED_CHECK_MS = 1_000;
const CACHED_SUBJECTS = 20_000;

/** What all workers of a process share. */
export interface WorkerContext {
  store: LedgerStore;
  dispatcher: Dispatcher;
  feeds: FeedProvisioner;
  subjectKeys: SubjectKeys;
  contentKeys: ContentKeys;
  pairwise: PairwiseIds;
  gate: AuditGate;
  replayParts: ReplayParts;
  replayEnds: ReplayEnds;
  logger: Logger;
  observe: WorkerObserver;
}

export interface WorkerObserver {
  /** After each batch; `ageMs` of its oldest change, from its recording to its dispatch. */
  dispatched(partition: number, changes: number, deliveries: number, ageMs: number): void;
  lag(partition: number, changes: number): void;
}

/**
 * Owns one partition: reads at the barrier, decides, commits, dispatches, one batch after the other. One
 * instance lives from an acquisition to the first error or the loss of the partition; whoever comes next starts
 * from what is committed.
 */
export class PartitionWorker {
  #state!: PartitionState;
  #lanes!: Map<string, LaneState>;
  #agencies: Agencies = new Map();
  #waiting = new Set<string>();
  #parkedCheckedAt = 0;
  readonly #grants: GrantViews;
  readonly #aliases: Aliases;
  readonly #reader: BatchReader;
  readonly #replays: ReplayWork;
  /** Whether changes waited when the worker last looked: then replays wait too. */
  #behind = false;

  constructor(
    readonly partition: number,
    private readonly puller: PartitionPuller,
    private readonly context: WorkerContext,
  ) {
    this.#grants = new GrantViews((subjects) => context.store.grantsOf(subjects), CACHED_SUBJECTS);
    this.#aliases = new Aliases(context.pairwise);
    this.#reader = new BatchReader(puller, partition);
    this.#replays = new ReplayWork(partition, puller, context.replayParts, context.replayEnds, context.logger);
  }

  /** @throws PartitionLost, SourceLost, LedgerDisagrees, and whatever PostgreSQL and Kafka throw */
  async run(signal: AbortSignal): Promise<void> {
    this.#state = await this.context.store.acquire(this.partition);
    this.#lanes = await this.context.store.lanes(this.partition);
    // As of the committed offset.
    this.#agencies = await readAgencies(this.puller, this.#state.vettingOffset);
    await this.#provision(this.#agencies);
    await this.context.gate.whenOpen(signal);
    if (signal.aborted) return;
    await this.#redispatch();
    await this.#refreshParked();
    while (!signal.aborted) await this.#step(signal);
    await this.#noteDispatched();
  }

  get state(): PartitionState {
    return this.#state;
  }

  /** Sends what was committed but perhaps not dispatched before a crash: the same bytes, from ledger and sources. */
  async #redispatch(): Promise<void> {
    for (const content of await this.context.store.batchesAfter(this.partition, this.#state.dispatchedSequence)) {
      const batch = await remakeBatch(content, {
        ...this.context,
        puller: this.puller,
        agencies: this.#agencies,
        aliases: this.#aliases,
      });
      await this.context.dispatcher.dispatch(batch);
      this.#state.dispatchedSequence = batch.sequence;
    }
    await this.#noteDispatched();
  }

  async #step(signal: AbortSignal): Promise<void> {
    if (!this.context.gate.isOpen) return this.#waitForAudit(signal);
    const step = await this.#decide();
    // It closed while the broker was waited for: what was read is read again later.
    if (step === 'gate-closed') return this.#waitForAudit(signal);
    if (step === 'nothing') return this.#noteDispatched();
    const { decided, due, changes } = step;
    await this.context.store.commit(decided.effects);
    this.#take(decided);
    await this.#dispatch(decided, changes);
    if (due !== undefined) await this.#replays.taken(due);
    if (changes < SMALL_BATCH) await gather(GATHER_MS);
  }

  /**
   * Reads and decides. Apart from what comes after it, so that nothing holds what was read, some 2 MB of a batch, while
   * PostgreSQL and Kafka are waited for: what is held for so long is collected late.
   */
  async #decide() {
    // Read before the stops are: what was stopped until then is not sent once more either.
    const slice = this.#behind ? undefined : await this.#replays.next(this.#state.registryOffset);
    const reading = await this.#reader.read(this.#state, this.#behind ? undefined : this.#replays.idleMs);
    this.#behind = !reading.complete;
    this.context.observe.lag(this.partition, reading.lag);
    if (!this.context.gate.isOpen) return 'gate-closed';
    const settled = await this.#settled();
    const due = reading.complete ? slice : undefined;
    if (isEmpty(reading) && settled.length === 0 && due === undefined) return 'nothing';
    this.#replays.decided(reading.registry, this.#state.registryOffset);
    const decided = await decideBatch(reading, settled, due, this.#state, {
      ...this.context,
      agencies: this.#agencies,
      aliases: this.#aliases,
      grants: this.#grants,
      lanes: this.#lanes,
      waiting: this.#waiting,
      now: Date.now,
    });
    if (reading.vetting.length > 0) await this.#provision(decided.agencies);
    return { decided, due, changes: reading.registry.length };
  }

  async #waitForAudit(signal: AbortSignal): Promise<void> {
    await this.#noteDispatched();
    await this.context.gate.whenOpen(signal);
  }

  /** Takes over what is now committed. */
  #take({ effects, agencies, blocks }: DecidedBatch): void {
    this.#state = effects.state;
    this.#agencies = agencies;
    this.#grants.committed(effects.subjects);
    for (const { ledger } of blocks) {
      this.#lanes.set(ledger.agency, { sequence: ledger.first + ledger.count - 1, digest: ledger.digest });
    }
    for (const { subject } of effects.parked) this.#waiting.add(subject);
    if (effects.settled.length > 0) this.#parkedCheckedAt = 0;
  }

  async #dispatch({ effects, oldest, ...decided }: DecidedBatch, changes: number): Promise<void> {
    if (effects.batch === undefined) return;
    const { partition } = this;
    const { sequence, decidedAt, content } = effects.batch;
    const { blocks, fences, traceparent } = decided;
    await this.context.dispatcher.dispatch({ partition, sequence, decidedAt, content, blocks, fences, traceparent });
    // Committed with the next batch, or when it is quiet: until then a crash only sends these bytes once more.
    this.#state.dispatchedSequence = sequence;
    const deliveries = blocks.reduce((sum, block) => sum + block.ledger.count, 0);
    this.context.observe.dispatched(partition, changes, deliveries, Date.now() - oldest);
  }

  #dispatchedNoted = 0;

  async #noteDispatched(): Promise<void> {
    const { partition, epoch, dispatchedSequence } = this.#state;
    if (this.#dispatchedNoted === dispatchedSequence) return;
    await this.context.store.dispatched(partition, epoch, dispatchedSequence);
    this.#dispatchedNoted = dispatchedSequence;
  }

  async #provision(agencies: Agencies): Promise<void> {
    await Promise.all([...agencies.keys()].map((agency) => this.context.feeds.ensure(agency)));
  }

  async #refreshParked(): Promise<ParkedChange[]> {
    const parked = await this.context.store.parked(this.partition);
    this.#waiting = new Set(parked.map((one) => one.subject));
    this.#parkedCheckedAt = performance.now();
    return parked;
  }

  /** Parked changes an operator wants tried again, read once more; discarded ones leave the table. */
  async #settled(): Promise<PulledRecord[]> {
    if (this.#waiting.size === 0 || performance.now() - this.#parkedCheckedAt < PARKED_CHECK_MS) return [];
    const parked = await this.#refreshParked();
    const discarded = parked.filter((one) => one.settlement === 'discard').map((one) => one.offset);
    if (discarded.length > 0) {
      await this.context.store.commit({
        state: this.#state,
        subjects: new Map(),
        parked: [],
        settled: discarded,
      });
      await this.#refreshParked();
    }
    // All of a person's, also those that were parked behind since the operator decided.
    const subjects = new Set(parked.filter((one) => one.settlement === 'retry').map((one) => one.subject));
    const retried = parked
      .filter((one) => subjects.has(one.subject) && one.settlement !== 'discard')
      .map((one) => one.offset);
    if (retried.length === 0) return [];
    const records = await reread(this.puller, TOPICS.registry.name, this.partition, retried);
    return retried.map((offset) => records.get(offset)!);
  }
}

function isEmpty(reading: Reading): boolean {
  return reading.registry.length === 0 && reading.consent.length === 0 && reading.vetting.length === 0;
}
