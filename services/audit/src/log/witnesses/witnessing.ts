import { setTimeout as sleep } from 'node:timers/promises';
import { LogReader, type LogWriter, type TileStorage } from '@sluice/merkle-log';
import type { Logger } from '@sluice/platform';
import { AskedWitness, type Outcome } from './asked-witness.js';
import { cosignersOf } from './cosignatures.js';
import { Target } from './target.js';
import type { WitnessConfig } from './witness-config.js';
import type { WitnessStatus } from './witness-status.js';
import type { WitnessedStore } from './witnessed-store.js';

/** From the beginning of one round to that of the next: a witness far away need not sign every checkpoint. */
const ROUND_MS = 1_000;
/** Longest sleep of a loop that waits for nothing in particular. */
const LOOK_AGAIN_MS = 5_000;

export interface WitnessingTools {
  config: WitnessConfig;
  storage: TileStorage;
  store: WitnessedStore;
  status: WitnessStatus;
  logger: Logger;
}

/**
 * Has witnesses cosign the checkpoints of one leadership, aside of it: nothing here makes the log wait, and no failure
 * here reaches it. In a round all witnesses that are free are asked about one checkpoint, or their signatures would be
 * under different ones; the round ends when enough have signed, or when all have answered.
 */
export class Witnessing {
  readonly #witnesses: AskedWitness[];
  readonly #reader: LogReader;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #newest: Target | undefined;
  #wake = Promise.withResolvers<void>();
  readonly #asked = new Set<Promise<void>>();
  #isBehind = false;
  /** Leaves of the newest witnessed checkpoint. */
  #witnessed = 0;

  constructor(
    private readonly tools: WitnessingTools,
    private readonly writer: LogWriter,
  ) {
    this.#witnesses = tools.config.witnesses.map((place) => new AskedWitness(place));
    this.#reader = new LogReader(tools.storage);
    tools.status.leads(true);
    this.published(writer.checkpoint);
    this.#running = this.#witnesses.length > 0 ? this.#run() : Promise.resolve();
  }

  /** Tells of the newest checkpoint; the same one again changes nothing. */
  published(note: string): void {
    if (this.#witnesses.length === 0) return;
    const target = new Target(note);
    if (target.text === this.#newest?.text) return;
    this.#newest = target;
    this.#fallBehind();
    this.#wake.resolve();
  }

  async end(): Promise<void> {
    this.#ended.abort();
    this.#wake.resolve();
    await this.#running;
    await Promise.all(this.#asked);
    this.tools.status.leads(false);
  }

  async #run(): Promise<void> {
    await this.#resume().catch((err) => this.tools.logger.warn({ err }, 'the witnessed checkpoint cannot be read'));
    while (!this.#stopped) {
      const begun = performance.now();
      try {
        await this.#round(this.#newest!);
      } catch (err) {
        this.tools.logger.warn({ err }, 'a checkpoint could not be witnessed');
      }
      await this.#sleep(ROUND_MS - (performance.now() - begun));
    }
  }

  /** Goes on from what the leadership before has left. */
  async #resume(): Promise<void> {
    const { store, status, config } = this.tools;
    const stored = await store.load();
    if (stored === undefined || cosignersOf(stored.checkpoint, config.witnesses).length < config.required) return;
    this.#witnessed = stored.size;
    this.#isBehind = stored.behindMs !== undefined;
    const isNewest = new Target(stored.checkpoint).text === this.#newest?.text;
    status.witnessed(stored.size, isNewest, stored.behindMs);
    if (!isNewest) this.#fallBehind();
  }

  async #round(target: Target): Promise<void> {
    this.#wake = Promise.withResolvers();
    const now = performance.now();
    const dues = this.#witnesses.map((witness) => ({ witness, in: witness.dueIn(target, now) }));
    const free = dues.filter(({ in: due }) => due === 0).map(({ witness }) => witness);
    if (free.length === 0) {
      const next = Math.min(LOOK_AGAIN_MS, ...dues.flatMap(({ in: due }) => due ?? []));
      // A new checkpoint is put to those that are well at once; those that are not have to be waited for.
      await Promise.race([this.#wake.promise, this.#sleep(next)]);
      return;
    }
    const enough = Promise.withResolvers<void>();
    const asked = free.map(async (witness) => {
      await this.#take(witness, target, await witness.ask(this.#reader, target, this.#ended.signal));
      if (target.signatures >= this.tools.config.required) enough.resolve();
      this.#wake.resolve();
    });
    for (const one of asked) this.#untilDone(one);
    await Promise.race([enough.promise, Promise.all(asked)]);
  }

  /** A slow witness is heard after its round, and before the leadership ends. */
  #untilDone(one: Promise<void>): void {
    this.#asked.add(one);
    one.finally(() => this.#asked.delete(one));
  }

  async #take({ name }: AskedWitness, target: Target, outcome: Outcome): Promise<void> {
    if (this.#stopped) return;
    const { status, config, logger } = this.tools;
    try {
      if (outcome.came === 'line') {
        status.signed(name);
        target.add(name, outcome.line);
        if (target.signatures >= config.required) await this.#keep(target);
        // As the file that folders are copied with; where the log has grown since, the line is under an older one.
        await this.writer.addCosignatures(target.note, outcome.line);
      } else if (outcome.came === 'failure') {
        status.failed(name, outcome.why);
      } else {
        await this.#conflict(name, target, outcome.conflict.known, outcome.conflict.message);
      }
    } catch (err) {
      logger.warn({ err, witness: name }, 'what a witness answered could not be kept');
    }
  }

  async #keep(target: Target): Promise<void> {
    const { status, store } = this.tools;
    if (target.size < this.#witnessed) return;
    this.#witnessed = target.size;
    await store.keep(target.size, target.cosigned);
    const isNewest = target.text === this.#newest?.text;
    status.witnessed(target.size, isNewest);
    this.#isBehind = false;
    if (!isNewest) this.#fallBehind();
  }

  /** A keeper that was paused may ask about what another one has gone beyond: then the log is well, and it is the past. */
  async #conflict(witness: string, target: Target, known: number, why: string): Promise<void> {
    const { status, store, logger } = this.tools;
    if (known > target.size && known <= (await store.logSize())) {
      status.failed(witness, 'signed a newer checkpoint meanwhile');
      return;
    }
    status.conflicts(witness, why);
    const found = known > target.size ? `${target.size} leaves` : 'another history';
    logger.error({ witness, known, leaves: target.size }, 'a witness signed what this log does not continue');
    const isNew = await store.alarm(witness, `a log that continues the ${known} leaves it signed`, found);
    if (isNew) status.alarmed();
  }

  #fallBehind(): void {
    this.tools.status.waits();
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.tools.store.fallBehind(this.#newest!.size).catch((err) => {
      this.#isBehind = false;
      this.tools.logger.warn({ err }, 'that a checkpoint is unwitnessed could not be recorded');
    });
  }

  get #stopped(): boolean {
    return this.#ended.signal.aborted;
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#ended.signal }).catch(() => {});
  }
}
