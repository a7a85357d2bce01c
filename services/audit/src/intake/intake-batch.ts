import { hash } from 'node:crypto';
import { HEADER } from '@sluice/contracts';
import { headerOf, type Pulled, type PulledRecord } from '@sluice/messaging';
import type { Alarm } from '../domain/alarm.js';
import { caseEntry } from '../domain/case-entries.js';
import { accessEntry, consentEntry, type EventRecord, type PersonalEvent } from '../domain/event-entries.js';
import { FigureCounts } from '../domain/figures/figure-counts.js';
import { ROW_TOPIC, type RowTopic } from '../domain/history-row.js';
import { followLedger, type Head } from '../domain/ledger-continuity.js';
import { writeLedgerEntries } from '../domain/ledger-entries.js';
import { LedgerView } from '../domain/ledger-view.js';
import { isBeyond, readLogPosition } from '../domain/log-position.js';
import { AgencyColumns } from './agency-columns.js';
import type { HistoryColumns } from './history-columns.js';
import { LogPositions, type Position, type Taken, type TakenBatch, type TakenRecords } from './intake-store.js';
import { nextLink, type RecordDigest } from './record-digest.js';
import type { IntakeTopics } from './topics.js';

const TYPE = Buffer.from(HEADER.type);
const ID = Buffer.from(HEADER.id);
const TIME = Buffer.from(HEADER.time);
const ACTOR = Buffer.from(HEADER.actor);
const SOURCE = Buffer.from(HEADER.source);
const LOG_POSITION = Buffer.from(HEADER.logPosition);
const LATE = Buffer.from(HEADER.late);

/** Where a partition stands, as far as what was pulled depends on it. */
export interface Standing {
  positions: ReadonlyMap<string, Position>;
  logs: LogPositions;
  ledger: Head;
  lanes: ReadonlyMap<string, Head>;
}

/** What a partition's worker lends to each batch, to be used again for the next. */
export interface Tools {
  history: HistoryColumns;
  digests: RecordDigest;
  /** The digest of a ledger batch that was taken in before this pull. */
  ledgerDigest: (sequence: number) => Promise<Buffer | undefined>;
}

/** Turns what one pull brought into what is stored of it. */
export class IntakeBatch implements Taken {
  readonly records: TakenRecords[] = [];
  readonly logs = new LogPositions();
  readonly batches: TakenBatch[] = [];
  readonly lanes = new Map<string, Head>();
  readonly alarms: Alarm[] = [];
  readonly figures = new FigureCounts();
  readonly agencies = new AgencyColumns();
  readonly history: HistoryColumns;
  /** The head of the ledger after this batch. */
  ledger: Head;
  /** How many records each topic has beyond this pull. */
  readonly behind = new Map<string, number>();
  /** Whether every topic answered. */
  isWhole = true;

  constructor(
    private readonly partition: number,
    private readonly topics: IntakeTopics,
    private readonly standing: Standing,
    private readonly tools: Tools,
  ) {
    this.ledger = standing.ledger;
    this.history = tools.history;
    this.history.clear();
  }

  /** There was more than one pull may bring. */
  get isCut(): boolean {
    return [...this.behind.values()].some((lag) => lag > 0);
  }

  async take(pulled: Pulled): Promise<void> {
    this.behind.set(pulled.topic, Number(pulled.highWatermark - pulled.nextOffset));
    if (pulled.nextOffset === this.standing.positions.get(pulled.topic)!.offset) return;
    this.#intake(pulled);
    const { topic, records } = pulled;
    for (const record of records) {
      if (topic === this.topics.ledger) await this.#ledgerBatch(record);
      else if (topic === this.topics.consent) this.#event(record, topic, ROW_TOPIC.consent, consentEntry);
      else if (topic === this.topics.access) this.#event(record, topic, ROW_TOPIC.access, accessEntry);
      else this.#event(record, topic, ROW_TOPIC.cases, caseEntry);
    }
  }

  #intake({ topic, records, nextOffset }: Pulled): void {
    const { offset, link } = this.standing.positions.get(topic)!;
    const digest = this.tools.digests.of(records);
    const taken = { topic, firstOffset: offset, nextOffset, count: records.length, digest };
    this.records.push({ ...taken, link: nextLink(link, { ...taken, partition: this.partition }) });
  }

  #event(
    record: PulledRecord,
    topic: string,
    rows: RowTopic,
    read: (event: EventRecord) => PersonalEvent | undefined,
  ): void {
    try {
      if (this.#isRepeated(record, topic)) return;
      const at = Date.parse(textOf(record, TIME));
      if (!(at >= 0)) throw new RangeError('an event without a time');
      const [type, id, actor] = [textOf(record, TYPE), textOf(record, ID), textOf(record, ACTOR)];
      const event = read({ type, id, actor, payload: record.value });
      if (rows === ROW_TOPIC.consent) this.figures.addGrantEvent(type, record.value, at);
      if (event === undefined) return;
      const origin = { topic: rows, partition: this.partition, offset: record.offset, at };
      this.history.add(origin, event.subject, event.entry);
      if (event.agency !== undefined) this.agencies.add(origin, event.agency, event.subject);
    } catch (error) {
      this.#unreadable(error, topic, record);
    }
  }

  /** A relay that crashed publishes its last events again; what an operator released late has no order to go by. */
  #isRepeated(record: PulledRecord, topic: string): boolean {
    if (headerOf(record, LATE) !== undefined) return false;
    const source = textOf(record, SOURCE);
    if (!/^\/[a-z-]+$/.test(source)) throw new RangeError('an event without a source');
    const position = readLogPosition(textOf(record, LOG_POSITION));
    if (!isBeyond(position, this.logs.get(topic, source) ?? this.standing.logs.get(topic, source))) return true;
    this.logs.set(topic, source, position);
    return false;
  }

  async #ledgerBatch(record: PulledRecord): Promise<void> {
    let batch: LedgerView;
    try {
      batch = new LedgerView(record.value);
      if (batch.partition !== this.partition) throw new RangeError('a ledger batch of another partition');
    } catch (error) {
      this.#unreadable(error, this.topics.ledger, record);
      return;
    }
    const digest = hash('sha256', record.value, 'buffer');
    const place = this.#place(this.topics.ledger, record);
    if (batch.sequence > this.ledger.sequence) this.#follow(batch, digest, place);
    else if (await this.#isRepeat(batch, digest, place)) return;
    this.batches.push({ sequence: batch.sequence, digest, offset: record.offset });
    const origin = { topic: ROW_TOPIC.ledger, partition: this.partition, offset: record.offset, at: batch.decidedAt };
    this.figures.addBatch(batch);
    this.agencies.addBatch(origin, batch);
    this.alarms.push(...writeLedgerEntries(batch, place, this.history.sinkFor(origin)));
  }

  #follow(batch: LedgerView, digest: Buffer, place: string): void {
    const lanes = { get: (agency: string) => this.lanes.get(agency) ?? this.standing.lanes.get(agency) };
    const followed = followLedger(this.ledger, lanes, batch, digest, place);
    this.ledger = followed.ledger;
    for (const [agency, head] of followed.lanes) this.lanes.set(agency, head);
    this.alarms.push(...followed.alarms);
  }

  /**
   * Delivery repeats its last batches after a crash, byte by byte. Other bytes under the same number are a second
   * ledger; a number that was missing is taken in late.
   */
  async #isRepeat(batch: LedgerView, digest: Buffer, place: string): Promise<boolean> {
    const { sequence } = batch;
    const known =
      this.batches.find((taken) => taken.sequence === sequence)?.digest ?? (await this.tools.ledgerDigest(sequence));
    if (known === undefined) {
      const found = { expected: `batch ${this.ledger.sequence + 1}`, found: `batch ${sequence}` };
      this.alarms.push({ kind: 'ledger-late', place, ...found });
      return false;
    }
    if (!known.equals(digest)) {
      const digests = {
        expected: `${sequence}: ${known.toString('hex')}`,
        found: `${sequence}: ${digest.toString('hex')}`,
      };
      this.alarms.push({ kind: 'ledger-fork', place, ...digests });
    }
    return true;
  }

  /** Whatever cannot be read stays in Kafka, and its digest in the intake; the texts of RangeErrors quote nothing. */
  #unreadable(error: unknown, topic: string, record: PulledRecord): void {
    if (!(error instanceof RangeError)) throw error;
    const place = this.#place(topic, record);
    this.alarms.push({ kind: 'unreadable', place, expected: 'a record as contracted', found: error.message });
  }

  #place(topic: string, record: PulledRecord): string {
    return `${topic}/${this.partition}@${record.offset}`;
  }
}

function textOf(record: PulledRecord, name: Buffer): string {
  return headerOf(record, name)?.toString() ?? '';
}
