import { setTimeout as sleep } from 'node:timers/promises';
import { LANES } from '@sluice/contracts';
import { LogReader, LogWriter, type NoteKey, type TileStorage } from '@sluice/merkle-log';
import { type KafkaConnection, PartitionPuller, type PullWant, type RecordProducer } from '@sluice/messaging';
import type { Logger } from '@sluice/platform';
import type { Alarm } from '../domain/alarm.js';
import { coPartitioned, type IntakeTopics } from '../intake/topics.js';
import { isDue } from './announcement-pace.js';
import { BlockScan, readLeaves } from './block-index.js';
import { checkpointRecord } from './checkpoint-record.js';
import { LeafBatch, type LeafTools, RecordsLost } from './leaf-batch.js';
import type { LogSession } from './log-session.js';
import { type LogStatus, needsOperator } from './log-status.js';
import { type Positions, readPositionLeaf } from './positions.js';
import { Witnessing, type WitnessingTools } from './witnesses/witnessing.js';

/** From the beginning of one turn to that of the next: how long a record waits to share its batch with others. */
const TURN_MS = 400;
const MAX_PULL_BYTES = 1024 * 1024;
/** Read at once where the index is filled again: about 2 MiB. */
const INDEX_LEAVES = 16_384;
const STANDBY_POLL_MS = 500;
const BEGIN_AGAIN_MS = 500;
/** Where only an operator can help, looking more often would only fill the service's log. */
const LOOK_AGAIN_MS = 3_000;

export interface LogKeeperOptions {
  openSession: () => Promise<LogSession>;
  storage: TileStorage;
  key: NoteKey;
  connection: KafkaConnection;
  producer: RecordProducer;
  topics: IntakeTopics;
  checkpointTopic: string;
  tools: LeafTools;
  witnessing: Omit<WitnessingTools, 'storage' | 'logger'>;
  status: LogStatus;
  logger: Logger;
}

/** What a leading keeper works with. */
interface Leadership {
  session: LogSession;
  writer: LogWriter;
  puller: PartitionPuller;
  positions: Positions;
  announcedAt: number;
  /** From the beginning of the last turn to that of the next. */
  turnMs: number;
}

/**
 * Takes every record of every topic into the verifiable log, exactly once. One keeper leads, others stand by. Where to
 * go on is read from the log's last leaf, so a batch and its positions are in together or not at all. A failure of any
 * kind ends the leadership; the next one opens the log again, and finds out what is in.
 */
export class LogKeeper {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Of the last announcement, ms since 1970: where the clock is set back, time stands still and does not go backwards. */
  #announcedTime = 0;

  constructor(private readonly options: LogKeeperOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  /** After the batch under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { status, logger } = this.options;
    while (!this.#stopped) {
      let pause = BEGIN_AGAIN_MS;
      let session: LogSession | undefined;
      try {
        session = await this.options.openSession();
        if (await this.#standBy(session)) await this.#lead(session);
      } catch (err) {
        if (needsOperator(err)) pause = LOOK_AGAIN_MS;
        status.failed(err);
        logger.warn({ err }, 'the log failed and is opened again');
        if (err instanceof RecordsLost && err.alarm !== undefined) await this.#raise(session, err.alarm);
      }
      await session?.close();
      await this.#sleep(pause);
    }
  }

  /** Where the database is away too, the next attempt finds the same again. */
  async #raise(session: LogSession | undefined, alarm: Alarm): Promise<void> {
    await session?.raise(alarm).catch((err) => this.options.logger.warn({ err }, 'an alarm could not be stored'));
  }

  /** True once this keeper leads, false when it was stopped before. */
  async #standBy(session: LogSession): Promise<boolean> {
    while (!this.#stopped) {
      if (await session.tryToLead()) return true;
      this.options.status.standsBy();
      await this.#sleep(STANDBY_POLL_MS);
    }
    return false;
  }

  async #lead(session: LogSession): Promise<void> {
    const { storage, key, connection, logger } = this.options;
    const writer = await LogWriter.open({ storage, highWater: session, key });
    const positions = await this.#positionsIn(writer.head.size);
    const puller = new PartitionPuller({ ...connection, clientId: `${connection.clientId}-log` });
    const leadership: Leadership = { session, writer, puller, positions, announcedAt: -Infinity, turnMs: TURN_MS };
    const witnessing = new Witnessing({ ...this.options.witnessing, storage, logger }, writer);
    logger.info({ leaves: writer.head.size }, 'keeps the log');
    try {
      await this.#index(session, writer.head.size);
      while (!this.#stopped) {
        const begun = performance.now();
        const isBehind = await this.#turn(leadership);
        witnessing.published(writer.checkpoint);
        const workedMs = performance.now() - begun;
        leadership.turnMs = isBehind ? workedMs : Math.max(workedMs, TURN_MS);
        await this.#sleep(leadership.turnMs - workedMs);
      }
    } finally {
      await Promise.all([puller.close(), witnessing.end()]);
    }
  }

  /** @returns whether there was more than one pull brings */
  async #turn(leadership: Leadership): Promise<boolean> {
    const { session, writer, puller } = leadership;
    const batch = new LeafBatch(leadership.positions, this.options.tools);
    for (const pulled of await puller.pull(this.#wants(leadership.positions), { maxWaitMs: 0 })) batch.take(pulled);
    batch.addHeads(await session.pendingHeads());
    const leaves = batch.isEmpty ? [] : batch.leaves();
    if (batch.isEmpty) await session.requireAlive();
    else {
      const { first, size } = await writer.append(leaves);
      await session.index(new BlockScan().among(leaves, first), size);
    }
    leadership.positions = batch.positions;
    if (batch.unread === undefined) {
      this.options.status.turned(writer.head.size, leaves.length, batch.behind);
      await this.#announce(leadership);
    } else {
      // What cannot be read cannot be recorded, and must not be released: no announcement.
      this.options.status.waitsFor(batch.unread);
    }
    return batch.behind > 0;
  }

  async #announce(leadership: Leadership): Promise<void> {
    const { checkpointTopic, key, producer, status } = this.options;
    const now = performance.now();
    if (!isDue(now - leadership.announcedAt, leadership.turnMs)) return;
    const { head, checkpoint } = leadership.writer;
    this.#announcedTime = Math.max(this.#announcedTime, Date.now());
    const time = new Date(this.#announcedTime);
    await producer.send([checkpointRecord(checkpointTopic, key.name, head, checkpoint, leadership.positions, time)]);
    leadership.announcedAt = now;
    status.announced();
  }

  #wants(positions: Positions): PullWant[] {
    return [...positions].map(([place, offset]) => {
      const slash = place.lastIndexOf('/');
      const [topic, partition] = [place.slice(0, slash), Number(place.slice(slash + 1))];
      return { topic, partition, offset, maxBytes: MAX_PULL_BYTES };
    });
  }

  /** Where the log goes on with each partition: what its last leaf says, and from the beginning where it names none. */
  async #positionsIn(size: number): Promise<Positions> {
    const { topics, storage } = this.options;
    const positions: Positions = new Map([[`${topics.vetting}/0`, 0n]]);
    for (const topic of coPartitioned(topics)) {
      for (let partition = 0; partition < LANES; partition++) positions.set(`${topic}/${partition}`, 0n);
    }
    if (size === 0) return positions;
    const last = await new LogReader(storage).leaf(size - 1, size);
    const read = readPositionLeaf(last.toString('latin1'));
    if (read === undefined) {
      throw new RecordsLost('the last leaf of the log names no positions: another program has written to it');
    }
    return new Map([...positions, ...read]);
  }

  /** What a crash, or a database put back from a copy, left out of the index. */
  async #index(session: LogSession, size: number): Promise<void> {
    const scan = new BlockScan();
    for (let from = await session.indexed(); from < size && !this.#stopped; from += INDEX_LEAVES) {
      const to = Math.min(from + INDEX_LEAVES, size);
      await session.index(scan.among(await readLeaves(this.options.storage, from, to, size), from), to);
    }
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Cut short by a stop. */
  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
