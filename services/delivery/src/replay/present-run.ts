import { laneOf, SOURCE_KIND, TOPICS } from '@sluice/contracts';
import type { PartitionPuller, PulledRecord } from '@sluice/messaging';
import { PresentValues } from '../domain/present-values.js';
import { SourceLost } from '../partition/batch-reader.js';
import { type RegistrySource, registrySource } from '../partition/read-sources.js';
import { readHeaders } from '../partition/source-record.js';
import type { ReplayParts } from './replay-parts.js';
import type { ReplayEntry, ReplayPart, ReplayRun, ReplaySlice } from './slice.js';

/** About 1,500 changes: live traffic waits for no more than the reading of them. */
const READ_BYTES = 1024 * 1024;
const READ_WAIT_MS = 100;

/**
 * Sends the present values of all persons of a lane who let the agency receive. Goes through the partition twice: first
 * over the heads, to learn which event holds which present value, then again to send these, in order.
 */
export class PresentRun implements ReplayRun {
  #present: PresentValues | undefined;
  /** The search for the persons, beside the live traffic; what it failed with. */
  #search: Promise<void> | undefined;
  #failure: unknown;
  /** Next to be looked at, in the second pass. */
  #cursor: bigint;
  #ahead: (ReplayEntry & { source: RegistrySource })[] = [];

  constructor(
    private readonly part: ReplayPart,
    private readonly lane: number,
    private readonly parts: ReplayParts,
    private readonly puller: PartitionPuller,
  ) {
    this.#cursor = part.next;
  }

  get next(): bigint {
    return this.#ahead[0]?.source.ledger.offset ?? this.#cursor;
  }

  async prepare(decidedUntil: bigint): Promise<boolean> {
    this.#search ??= this.#findPersons().catch((error: unknown) => {
      this.#failure = error;
    });
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#present === undefined) return false;
    if (this.#present.next < decidedUntil) {
      await this.#learn(this.#present, decidedUntil);
      return false;
    }
    if (this.#ahead.length === 0 && this.#cursor < this.part.ends) await this.#lookAhead(this.#present);
    return this.#ahead.length > 0 || this.#cursor >= this.part.ends;
  }

  take(most: number): ReplaySlice {
    const taken = this.#ahead.splice(0, most);
    const done = this.#ahead.length === 0 && this.#cursor >= this.part.ends;
    const { replay, agency } = this.part;
    return { replay, agency, entries: taken, present: this.#present!, next: this.next, done };
  }

  /**
   * Changes that are being decided, from `from` on: what they set is present from here. Before all older ones are known
   * they are left for the first pass.
   */
  decided(records: readonly PulledRecord[], from: bigint): void {
    if (this.#present === undefined || this.#present.next !== from) return;
    for (const record of records) note(this.#present, record);
  }

  async #findPersons(): Promise<void> {
    const persons: string[] = [];
    for await (const page of this.parts.granting(this.part.agency)) {
      for (const { subject } of page) if (laneOf(subject) === this.lane) persons.push(subject);
    }
    this.#present = new PresentValues(persons);
  }

  async #learn(present: PresentValues, decidedUntil: bigint): Promise<void> {
    for (const record of await this.#read(present.next)) {
      if (record.offset >= decidedUntil) break;
      note(present, record);
    }
  }

  async #lookAhead(present: PresentValues): Promise<void> {
    for (const record of await this.#read(this.#cursor)) {
      if (record.offset >= this.part.ends) break;
      this.#cursor = record.offset + 1n;
      const source = readChange(record);
      if (source !== undefined && present.at(source.ledger.subject, record.offset) !== 0) this.#ahead.push({ source });
    }
  }

  async #read(offset: bigint): Promise<readonly PulledRecord[]> {
    const topic = TOPICS.registry.name;
    const want = { topic, partition: this.lane, offset, maxBytes: READ_BYTES };
    const [answer] = await this.puller.pull([want], { maxWaitMs: READ_WAIT_MS });
    if (answer?.error !== undefined && answer.error !== 'retry') {
      throw new SourceLost(`${topic}/${this.lane} no longer has offset ${offset}`);
    }
    return answer?.records ?? [];
  }
}

function note(present: PresentValues, record: PulledRecord): void {
  const source = readChange(record);
  if (source !== undefined) {
    present.changed(source.ledger.subject, source.ledger.version, record.offset, source.ledger.attributes);
  }
  present.seenUntil(record.offset + 1n);
}

/** A change of values; undefined for a snapshot, and for what registry cannot have written: the worker has parked that. */
function readChange(record: PulledRecord): RegistrySource | undefined {
  try {
    const source = registrySource(record, readHeaders(record));
    return source.ledger.kind === SOURCE_KIND.snapshot ? undefined : source;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}
