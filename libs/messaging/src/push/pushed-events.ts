import { setTimeout as sleep } from 'node:timers/promises';
import { BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import type { Consumer } from 'kafkajs';
import type { Pool } from 'pg';
import { isObservable, lastValueFrom } from 'rxjs';
import type { KafkaConnection } from '../connection.js';
import { ParkedRelease } from '../parked/parked-release.js';
import { ParkedStore } from '../parked/parked-store.js';
import { Attempts } from './attempts.js';
import { FilterMissing, isReplaced } from './failure-filter.js';
import type { IncomingEvent } from './incoming-event.js';
import { kafkaJs, type MessagingLogger } from './kafkajs-client.js';
import { PushedBatches } from './pushed-batch.js';

/** Second argument of `@EventPattern` for events that stop something: they are handled even when their key is parked. */
export const STOPS = { stops: true } as const;

export interface PushedEventsOptions {
  connection: KafkaConnection;
  groupId: string;
  topics: string[];
  /** For the table of parked messages (`MESSAGING_MIGRATIONS`); takes one connection while it releases some. */
  pool: Pool;
  schema: string;
  /** Receives what the Kafka client and this transport report; nothing is logged without it. */
  logger?: MessagingLogger;
}

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1_000;
/** A paused partition is looked at again after a fetch of the others, so fetches are short. */
const FETCH_WAIT_MS = 250;
const MAX_BATCH_BYTES = 1024 * 1024;
/** Partitions whose events are handled side by side; within each there is one at a time. */
const SIDE_BY_SIDE = 6;
const BEGIN_AGAIN_MS = 1_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Nest's transport for events of Sluice's own topics: `@EventPattern('<CloudEvents type>')` handlers get an
 * `IncomingEvent`, at least once, in order per partition. Offsets are committed after the whole batch; types without a
 * handler are passed over.
 *
 * What a handler throws decides: `Retryable`, or that the database or a broker is away, is tried again without end
 * while this partition alone is paused; `Poison`, or any other failure five times, parks the event, and later ones of
 * its key wait behind it, except those whose handler is marked with `STOPS`. Controllers need
 * `@UseFilters(HandlerFailures)`; without it the first failure holds the partition.
 */
export class PushedEvents extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('sluice-pushed-events');
  override readonly propagatesEventHandlerErrors = true;
  readonly #options: PushedEventsOptions;
  readonly #release: ParkedRelease;
  readonly #batches: PushedBatches;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #lags = new Map<string, number>();
  #consumer: Consumer | undefined;
  #beginning: Promise<void> | undefined;
  #closed = false;

  constructor(options: PushedEventsOptions) {
    super();
    this.#options = options;
    const { pool, schema, groupId, logger } = options;
    const parked = new ParkedStore(pool, schema, groupId);
    const handlers = { find: (type: string) => this.#find(type) };
    const attempts = new Attempts();
    this.#batches = new PushedBatches({
      handlers,
      parked,
      attempts,
      after: (delayMs, then) => this.#after(delayMs, then),
      onParked: ({ topic, partition, offset }, reason) =>
        logger?.warn(`parked ${topic}/${partition}@${offset}: ${reason}`),
      onWaiting: ({ topic, partition, offset }, reason) =>
        logger?.warn(`${topic}/${partition} waits at ${offset}: ${reason}`),
    });
    this.#release = new ParkedRelease({
      pool,
      parked,
      handlers,
      attempts,
      lockName: `${schema}.parked ${groupId}`,
      onFailed: (error) => logger?.error(`parked messages could not be looked at: ${nameOf(error)}`),
    });
  }

  /** How many events wait beyond those handled, as of the last batch of each partition. */
  get lag(): number {
    return [...this.#lags.values()].reduce((sum, lag) => sum + lag, 0);
  }

  /** Does not wait for Kafka: a service that cannot hear others can still record its own. */
  override listen(callback: () => void): void {
    this.#release.start();
    this.#begin();
    callback();
  }

  override async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const disconnected = this.#disconnect();
    // Without a broker, leaving the group would take as long as its retries.
    await Promise.race([disconnected, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    await this.#release.stop();
  }

  override on(): never {
    throw new Error('pushed events have no listeners of their own; watch `status`');
  }

  override unwrap<T>(): T {
    return this.#consumer as T;
  }

  #begin(): void {
    this.#beginning = this.#consume();
  }

  /** Not while it begins: kafkajs would go on to join the group all the same, and hold partitions that nobody handles. */
  async #disconnect(): Promise<void> {
    await this.#beginning;
    await this.#consumer?.disconnect().catch(() => {});
  }

  async #consume(): Promise<void> {
    const { connection, groupId, topics, logger } = this.#options;
    const consumer = kafkaJs(connection, logger).consumer({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      // Else the group waits a minute for a member that went away while it was sharing itself out.
      rebalanceTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: MAX_BATCH_BYTES,
      // One that crashed begins with a new client, see below.
      retry: { restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    const { CONNECT, DISCONNECT, CRASH, END_BATCH_PROCESS, GROUP_JOIN } = consumer.events;
    consumer.on(CONNECT, () => this._status$.next('connected'));
    consumer.on(DISCONNECT, () => this._status$.next('disconnected'));
    consumer.on(GROUP_JOIN, () => this.#lags.clear());
    consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      this.#lags.set(`${payload.topic}/${payload.partition}`, Number(payload.offsetLag));
    });
    consumer.on(CRASH, () => this.#after(BEGIN_AGAIN_MS, () => this.#begin()));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: true });
      if (this.#closed) return;
      await consumer.run({
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: SIDE_BY_SIDE,
        eachBatch: (payload) => this.#batches.handle(payload),
      });
    } catch (error) {
      logger?.error(`group ${groupId} could not begin: ${nameOf(error)}`);
      await consumer.disconnect().catch(() => {});
      this.#after(BEGIN_AGAIN_MS, () => this.#begin());
    }
  }

  #find(type: string): { stops: boolean; handle(event: IncomingEvent): Promise<void> } | undefined {
    const handler = this.messageHandlers.get(type);
    if (!handler) return undefined;
    return { stops: stops(handler), handle: (event) => this.#handle(handler, event) };
  }

  async #handle(handler: MessageHandler, event: IncomingEvent): Promise<void> {
    const context = new BaseRpcContext([event]);
    const done = Promise.withResolvers<void>();
    this.onProcessingStartHook(this.transportId, context, async () => {
      try {
        const result: unknown = await handler(event, context);
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
        done.resolve();
      } catch (error) {
        done.reject(isReplaced(error) ? new FilterMissing() : error);
      } finally {
        this.onProcessingEndHook?.(this.transportId, context);
      }
    });
    await done.promise;
  }

  #after(delayMs: number, then: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** Whether any of the type's handlers is marked. */
function stops(handler: MessageHandler): boolean {
  return handler.extras?.stops === true || (handler.next !== undefined && stops(handler.next as MessageHandler));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
