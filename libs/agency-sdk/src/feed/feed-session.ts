import { feedTopic, LANES } from '@sluice/contracts';
import { type Consumer, type EachBatchPayload, Kafka } from 'kafkajs';
import { SluiceError } from '../errors.js';
import { Backoff } from '../retry/backoff.js';
import type { BlockReader } from './block-reader.js';
import { CommittedOffsets } from './committed-offsets.js';
import { groupIdOf, type SluiceFeedOptions } from './feed-options.js';
import { fromKafka } from './kafka-errors.js';
import { correctRequestQueue } from './kafkajs-request-queue.js';
import { LaneFollower } from './lane-follower.js';
import { oauthBearer } from './oauth-bearer.js';

/** A process that crashed holds its lanes for so long; kafkajs' default is half a minute. */
const SESSION_TIMEOUT_MS = 10_000;

/** Well within the session timeout: a handler may take its time without losing its lanes. */
const HEARTBEAT_MS = 3_000;

/** What comes is answered at once; this is how long a stop, or a lane that is taken up again, waits for an idle fetch. */
const FETCH_WAIT_MS = 500;

/** Little of kafkajs' own retrying, and none of its restarting: both are done in one place, by SluiceFeed. */
const KAFKAJS_RETRY = { retries: 3, restartOnFailure: async () => false };

/** The group's membership from joining to leaving or crashing. After a crash a new session takes over. */
export class FeedSession {
  readonly #options: SluiceFeedOptions;
  readonly #reader: BlockReader;
  readonly #topic: string;
  readonly #consumer: Consumer;
  readonly #offsets: CommittedOffsets;
  /** Settles when the session has crashed or was closed. */
  readonly ended: Promise<SluiceError | undefined>;
  #end: (error?: SluiceError) => void = () => {};
  #closing = false;
  /** Counts the group's rebalances: what was begun in an earlier one must not go on. */
  #generation = 0;
  readonly #followers = new Map<number, LaneFollower>();
  readonly #backoffs = new Map<number, Backoff>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** The end of the work queued for each lane. kafkajs may hand out a lane again while a handler still holds it. */
  readonly #turns = new Map<number, Promise<void>>();

  private constructor(options: SluiceFeedOptions, reader: BlockReader) {
    correctRequestQueue();
    this.#options = options;
    this.#reader = reader;
    this.#topic = feedTopic(options.agency);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const kafka = new Kafka({
      brokers: options.brokers,
      clientId: options.agency,
      ...(options.tls !== undefined && { ssl: options.tls }),
      sasl: oauthBearer(options.token),
      retry: KAFKAJS_RETRY,
      // What matters reaches onFault; the rest is kafkajs' own affair.
      logCreator: () => () => {},
    });
    this.#consumer = kafka.consumer({
      groupId: groupIdOf(options),
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      sessionTimeout: SESSION_TIMEOUT_MS,
      retry: KAFKAJS_RETRY,
    });
    this.#offsets = new CommittedOffsets(this.#consumer, this.#topic);
  }

  /**
   * Joins the group.
   * @throws {SluiceError} `token-unavailable`, `token-refused`, `feed-not-allowed`, `feed-missing`, `broker-unreachable`
   */
  static async open(options: SluiceFeedOptions, reader: BlockReader): Promise<FeedSession> {
    const session = new FeedSession(options, reader);
    try {
      await session.#join();
    } catch (error) {
      await session.close();
      throw fromKafka(error);
    }
    return session;
  }

  /** Lets the handlers finish the deliveries in hand, saves the positions and leaves the group. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const retry of this.#retries) clearTimeout(retry);
    await Promise.all(this.#turns.values());
    await this.#offsets.commit();
    // When the broker is away, leaving fails; it notices by itself.
    await this.#consumer.disconnect().catch(() => {});
    // A batch that was being fetched may have queued work meanwhile: it ends at once, and leaves no commit waiting.
    await Promise.all(this.#turns.values());
    this.#offsets.forget();
    this.#end();
  }

  async #join(): Promise<void> {
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    const joined = new Promise<void>((resolve, reject) => {
      this.#consumer.on(GROUP_JOIN, ({ payload }) => {
        this.#take(payload.memberAssignment[this.#topic] ?? []);
        resolve();
      });
      this.#consumer.on(CRASH, ({ payload }) => {
        this.#closing = true;
        this.#end(fromKafka(payload.error));
        reject(payload.error);
      });
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    await Promise.all([
      joined,
      this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: LANES,
        eachBatch: (payload) => this.#onBatch(payload),
      }),
    ]);
  }

  /** Begins with the lanes of a new assignment where the store says, whatever the group has committed. */
  #take(lanes: number[]): void {
    const generation = ++this.#generation;
    this.#followers.clear();
    this.#offsets.forget();
    for (const lane of lanes) this.#inTurn(lane, () => this.#resume(lane, generation));
  }

  async #resume(lane: number, generation: number): Promise<void> {
    if (this.#closing || generation !== this.#generation) return;
    const { positions } = this.#options;
    try {
      const follower = await LaneFollower.resume({ lane, reader: this.#reader, positions, handlers: this.#options });
      if (this.#closing || generation !== this.#generation) return;
      this.#followers.set(lane, follower);
      // From the block applied last, so that it is seen to be the same still. An offset that retention has removed
      // makes Kafka begin at the earliest it has.
      this.#consumer.seek({ topic: this.#topic, partition: lane, offset: follower.position?.offset ?? '0' });
      this.#consumer.resume([{ topic: this.#topic, partitions: [lane] }]);
    } catch (error) {
      this.#hold(lane, error, () => this.#inTurn(lane, () => this.#resume(lane, generation)));
    }
  }

  async #onBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload) {
    const lane = batch.partition;
    const generation = this.#generation;
    let lost: unknown;
    const beating = setInterval(() => {
      heartbeat().catch((error) => {
        lost = error;
      });
    }, HEARTBEAT_MS);
    const goesOn = (): boolean =>
      !this.#closing && lost === undefined && generation === this.#generation && isRunning();
    try {
      await this.#inTurn(lane, async () => {
        for (const message of batch.messages) {
          // Stale is what was sought anew: asked for each record, because kafkajs makes a text to find out.
          const follower = goesOn() && !isStale() ? this.#followers.get(lane) : undefined;
          if (follower === undefined || !(await this.#follow(follower, lane, message, goesOn))) break;
          resolveOffset(message.offset);
          if (generation === this.#generation) this.#offsets.applied(lane, message.offset);
          await heartbeat();
        }
      });
    } finally {
      clearInterval(beating);
    }
    // kafkajs rejoins the group on it.
    if (lost !== undefined) throw lost;
  }

  async #follow(
    follower: LaneFollower,
    lane: number,
    message: Parameters<LaneFollower['follow']>[0],
    goesOn: () => boolean,
  ): Promise<boolean> {
    try {
      const whole = await follower.follow(message, goesOn);
      this.#backoffs.delete(lane);
      return whole;
    } catch (error) {
      this.#hold(lane, error, () => this.#consumer.resume([{ topic: this.#topic, partitions: [lane] }]));
      return false;
    }
  }

  /** Stops fetching a lane: for good, or until the next try. Waiting in the handler would hold up all the other lanes. */
  #hold(lane: number, error: unknown, again: () => void): void {
    if (!(error instanceof SluiceError)) throw error;
    this.#consumer.pause([{ topic: this.#topic, partitions: [lane] }]);
    if (error.retryable) {
      const backoff = this.#backoffs.get(lane) ?? new Backoff();
      this.#backoffs.set(lane, backoff);
      const generation = this.#generation;
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        if (!this.#closing && generation === this.#generation) again();
      }, backoff.next());
      this.#retries.add(retry);
    }
    this.#options.onFault(error, lane);
  }

  /** Runs `work` after whatever was queued for the lane before. */
  #inTurn(lane: number, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(lane) ?? Promise.resolve()).then(work);
    this.#turns.set(
      lane,
      turn.catch(() => {}),
    );
    return turn;
  }
}
