import {
  decodeLedgerBatch,
  decodeSealedChange,
  LANES,
  type LedgerBatch,
  laneOf,
  SOURCE_KIND,
  TOPICS,
} from '@sluice/contracts';
import { type Source, SourceUnreadable } from '@sluice/event-store';
import { type KafkaConnection, PartitionPuller, type PulledRecord } from '@sluice/messaging';
import type { Pool, PoolClient } from 'pg';
import { SourceLost } from '../partition/batch-reader.js';
import { type ConsentEvent, consentSource } from '../partition/read-sources.js';
import { reread } from '../partition/reread.js';
import { FIRST_MARK, isAfter, type LogMark, readHeaders } from '../partition/source-record.js';

/** What changes the grants of a person, in the order in which the partition's worker took it. */
export type GrantsEvent =
  | ({ readonly kind: 'consent'; readonly subject: string } & ConsentEvent)
  | { readonly kind: 'snapshot'; readonly subject: string; readonly grant: string; readonly grantVersion: number };

/** How far a partition was read: JSON, so offsets are text. */
interface LanePlace {
  /** The last batch of the ledger that was taken. */
  ledger: number;
  /** The next offset of consent.events. */
  consent: string;
  mark: LogMark;
}
type GrantsPlace = LanePlace[];

/** How far a partition's worker has come. */
interface LivePlace {
  ledger: number;
  consent: bigint;
}

const START: LanePlace = { ledger: 0, consent: '0', mark: FIRST_MARK };
const BATCHES_READ = 100;
const PULL_BYTES = 1024 * 1024;

/** Delivered, or refused only because the person's key was gone: the snapshot had come all the same. */
const ARRIVED: readonly string[] = ['delivered', 'subject-erased'];

/**
 * Consent's events merged with the snapshots that the ledger tells of. Each batch of the ledger names the offset of
 * consent.events up to which it was decided; what the batch holds comes after these events and before the next.
 */
export class GrantsSource implements Source<GrantsEvent> {
  readonly #puller: PartitionPuller;
  /** Where this reading ends, by lane: while the workers go on, what is read has to have an end. */
  #targets: LivePlace[] | undefined;

  constructor(
    private readonly pool: Pool,
    connection: KafkaConnection,
  ) {
    this.#puller = new PartitionPuller({ ...connection, clientId: `${connection.clientId}-rebuild` });
  }

  async read(after: unknown, _limit: number) {
    const place = placeOf(after);
    this.#targets ??= await Promise.all(place.map((_, lane) => liveOf(this.pool, lane)));
    for (const [lane, target] of this.#targets.entries()) {
      const step = await this.#readLane(this.pool, lane, place[lane]!, target);
      if (step.seen === 0 && step.caughtUp) continue;
      place[lane] = step.place;
      return { events: step.events, seen: step.seen, place, caughtUp: false };
    }
    this.#targets = undefined;
    return { events: [], seen: 0, place, caughtUp: true };
  }

  async hold(client: PoolClient, _rows: unknown, after: unknown, keys: readonly string[]): Promise<GrantsEvent[]> {
    const lanes = [...new Set(keys.map(laneOf))].sort((a, b) => a - b);
    const held = 'select from delivery.partition where partition = any($1::smallint[]) order by partition for update';
    await client.query(held, [lanes]);
    const place = placeOf(after);
    const events: GrantsEvent[] = [];
    for (const lane of lanes) {
      const live = await liveOf(client, lane);
      for (let at = place[lane]!; ; ) {
        const step = await this.#readLane(client, lane, at, live);
        events.push(...step.events);
        at = step.place;
        if (step.caughtUp) break;
      }
    }
    return events;
  }

  close(): Promise<void> {
    return this.#puller.close();
  }

  /** Reads on, up to where the partition's worker was at some time. */
  async #readLane(from: Pool | PoolClient, lane: number, place: LanePlace, live: LivePlace) {
    const batches = await this.#batches(from, lane, place.ledger, live.ledger);
    const whole = batches.length < BATCHES_READ;
    const target = whole ? live.consent : batches.at(-1)!.consentOffset;
    const { records, reached } = await this.#consent(lane, BigInt(place.consent), target);
    const events: GrantsEvent[] = [];
    const next = { ...place };
    let taken = 0;
    const takeUpTo = (offset: bigint): void => {
      while (taken < records.length && records[taken]!.offset < offset) {
        const event = this.#consentEvent(records[taken++]!, next);
        if (event !== undefined) events.push(event);
      }
    };
    const ready = batches.filter(({ consentOffset }) => consentOffset <= reached);
    const snapshots = await this.#snapshots(lane, ready);
    for (const batch of ready) {
      takeUpTo(batch.consentOffset);
      events.push(...snapshots.get(batch.sequence)!);
      next.ledger = batch.sequence;
    }
    takeUpTo(reached);
    next.consent = reached.toString();
    const caughtUp = whole && ready.length === batches.length && reached >= live.consent;
    return { events, seen: records.length + ready.length, place: next, caughtUp };
  }

  async #batches(from: Pool | PoolClient, lane: number, after: number, upTo: number): Promise<LedgerBatch[]> {
    const { rows } = await from.query<{ content: Buffer }>({
      name: 'rebuild-ledger-batches',
      text: `select content from delivery.batch where partition = $1 and sequence > $2 and sequence <= $3
        order by sequence limit ${BATCHES_READ}`,
      values: [lane, after, upTo],
    });
    return rows.map(({ content }) => decodeLedgerBatch(content));
  }

  async #consent(lane: number, from: bigint, target: bigint): Promise<{ records: PulledRecord[]; reached: bigint }> {
    if (from >= target) return { records: [], reached: from };
    const want = { topic: TOPICS.consent.name, partition: lane, offset: from, maxBytes: PULL_BYTES };
    const [pulled] = await this.#puller.pull([want], { maxWaitMs: 500 });
    const { records, nextOffset, error } = pulled!;
    if (error === 'out-of-range')
      throw new SourceUnreadable(`${TOPICS.consent.name}/${lane} no longer has offset ${from}`);
    return {
      records: records.filter(({ offset }) => offset < target),
      reached: nextOffset < target ? nextOffset : target,
    };
  }

  /** Leaves out what a relay published again after a crash. */
  #consentEvent(record: PulledRecord, place: LanePlace): GrantsEvent | undefined {
    const headers = readHeaders(record);
    if (!headers.late) {
      if (!isAfter(headers.mark, place.mark)) return undefined;
      place.mark = headers.mark;
    }
    const { event } = consentSource(record, headers);
    return { kind: 'consent', subject: event.data.subject, ...event };
  }

  /** The snapshots that came with each of these batches, by sequence. */
  async #snapshots(lane: number, batches: readonly LedgerBatch[]): Promise<Map<number, GrantsEvent[]>> {
    const arrived = batches.map((batch) => ({ sequence: batch.sequence, sources: arrivedIn(batch) }));
    const offsets = arrived.flatMap(({ sources }) => sources.map(({ offset }) => offset));
    const records = await this.#registryRecords(lane, offsets);
    const eventOf = ({ subject, offset }: { subject: string; offset: bigint }): GrantsEvent => {
      const { answers } = decodeSealedChange(records.get(offset)!.value);
      return { kind: 'snapshot', subject, ...answers! };
    };
    return new Map(arrived.map(({ sequence, sources }) => [sequence, sources.map(eventOf)]));
  }

  async #registryRecords(lane: number, offsets: readonly bigint[]): Promise<Map<bigint, PulledRecord>> {
    if (offsets.length === 0) return new Map();
    try {
      return await reread(this.#puller, TOPICS.registry.name, lane, offsets);
    } catch (error) {
      if (!(error instanceof SourceLost)) throw error;
      throw new SourceUnreadable(error.message);
    }
  }
}

/** The snapshots among a batch's sources that were decided, and not as a replay. */
function arrivedIn({ sources, decisions }: LedgerBatch): { subject: string; offset: bigint }[] {
  const decided = new Set(decisions.filter(({ outcome }) => ARRIVED.includes(outcome)).map(({ source }) => source));
  return sources.filter(
    ({ kind, replay }, index) => kind === SOURCE_KIND.snapshot && replay === undefined && decided.has(index),
  );
}

/** Where the partition's worker has committed. */
async function liveOf(from: Pool | PoolClient, lane: number): Promise<LivePlace> {
  const { rows } = await from.query<{ ledger_sequence: string; consent_offset: string }>({
    name: 'rebuild-live-place',
    text: 'select ledger_sequence, consent_offset from delivery.partition where partition = $1',
    values: [lane],
  });
  const [live] = rows;
  return { ledger: Number(live?.ledger_sequence ?? 0), consent: BigInt(live?.consent_offset ?? 0) };
}

function placeOf(after: unknown): GrantsPlace {
  const place = (after as GrantsPlace | null) ?? [];
  return Array.from({ length: LANES }, (_, lane) => ({ ...(place[lane] ?? START) }));
}
