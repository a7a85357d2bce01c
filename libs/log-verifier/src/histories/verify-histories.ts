import type { Cosigned, WitnessPolicy } from '../check-checkpoint.js';
import { type Finding, Findings } from '../finding.js';
import type { VerifierKey } from '../formats/verifier-key.js';
import { type HeadsEpoch, parseHeadsLeaf } from '../history/heads-leaf.js';
import { labelHash } from '../history/history-hashes.js';
import type { LogSource } from '../source/log-source.js';
import { verifyLog } from '../verify-log.js';
import { DerivedHeads } from './derived-heads.js';
import { digestOf, type KafkaRecord } from './kafka-record.js';
import { NamedPersons } from './named-persons.js';

/** A record, and the rows that the operator says were made of it. */
export interface RecordWithRows extends KafkaRecord {
  rows: readonly { index: number; commitment: Buffer }[];
}

/** Some records in a row, and what opens the labels of the persons that they name. */
export interface RecordPage {
  records: readonly RecordWithRows[];
  labelKeys: ReadonlyMap<string, Buffer>;
}

/** Gives at least one record of a partition from an offset on and before another, in order. Rejects where it cannot. */
export type RecordSource = (topic: string, partition: number, from: number, to: number) => Promise<RecordPage>;

export interface HistoriesToVerify {
  source: LogSource;
  log: VerifierKey;
  policy?: WitnessPolicy;
  records: RecordSource;
  /** The topics that histories are made of, with their numbers in heads; 1 is the ledger. */
  topics: ReadonlyMap<string, number>;
  onProgress?: (done: { leaves: number; records: number }) => void;
}

/** What a verification says. Every person's head is what the log's records make it if `findings` is empty. */
export interface HistoriesReport {
  size: number;
  epochs: number;
  /** Histories in the last epoch's map. */
  histories: number;
  records: number;
  rows: number;
  /** Records published twice by a service that crashed: they count once. */
  repeats: number;
  /** Records that no rows can be made of; the operator has an alarm for each. */
  unreadable: number;
  /** Records of these topics in the log that the last epoch does not cover. */
  uncovered: number;
  cosignatures: Cosigned[];
  /** Names in signature lines that no key is known for. */
  unknownSigners: string[];
  findings: Finding[];
  /** Also those not listed. */
  findingCount: number;
}

const RECORD = /^record ([A-Za-z0-9._-]+)\/(\d+)@(\d+) ([A-Za-z0-9+/]{43}=)$/;

/**
 * Verifies, for an auditor, that nobody's chain leaves out a record of the log: verifies the log, reads again every
 * record that histories are made of, compares it with its leaf, tells for itself whom it names, demands one row for each
 * under that person's one label, chains the rows and compares each epoch's map of heads with what the log says.
 */
export async function verifyHistories(what: HistoriesToVerify): Promise<HistoriesReport> {
  const findings = new Findings();
  const leaves = new Map<string, { index: number; digest: string }>();
  const epochs: { index: number; heads: HeadsEpoch }[] = [];
  const report = await verifyLog({
    source: what.source,
    log: what.log,
    ...(what.policy && { policy: what.policy }),
    onEntry: (index, entry) => {
      if (entry[0] === 'h'.charCodeAt(0)) {
        const heads = parseHeadsLeaf(entry.toString('latin1'));
        if (heads !== undefined) epochs.push({ index, heads });
      } else if (entry[0] === 'r'.charCodeAt(0)) {
        const [, topic, partition, offset, digest] = RECORD.exec(entry.toString('latin1')) ?? [];
        if (what.topics.has(topic ?? '')) leaves.set(`${topic}/${partition}@${offset}`, { index, digest: digest! });
      }
    },
    onProgress: (count) => what.onProgress?.({ leaves: count, records: 0 }),
  });
  const check = new HistoriesCheck(what, leaves, findings);
  try {
    for (const { index, heads } of epochs) await check.epoch(index, heads);
  } catch (error) {
    findings.add('source-failed', 'records', `the records could not be read: ${(error as Error).message}`);
  }
  return {
    size: report.size,
    epochs: epochs.length,
    histories: epochs.at(-1)?.heads.labels ?? 0,
    ...check.counts,
    uncovered: leaves.size - check.counts.records,
    cosignatures: report.cosignatures,
    unknownSigners: report.unknownSigners,
    findings: [...report.findings, ...findings.list],
    findingCount: report.findingCount + findings.total,
  };
}

class HistoriesCheck {
  readonly counts = { records: 0, rows: 0, repeats: 0, unreadable: 0 };
  readonly #heads = new DerivedHeads();
  readonly #labels = new Map<string, Buffer>();
  readonly #next = new Map<string, number>();
  readonly #persons = new Map<string, NamedPersons>();
  #epoch = 0;

  constructor(
    private readonly what: HistoriesToVerify,
    private readonly leaves: ReadonlyMap<string, { index: number; digest: string }>,
    private readonly findings: Findings,
  ) {}

  async epoch(index: number, { epoch, root, labels, extents }: HeadsEpoch): Promise<void> {
    const place = `epoch ${epoch}`;
    if (epoch <= this.#epoch) this.findings.add('heads-wrong', place, 'the epoch comes after a later one', index);
    this.#epoch = epoch;
    for (const extent of extents) await this.#extent(index, extent);
    if (this.#heads.root().equals(root) && this.#heads.labels === labels) return;
    this.findings.add('heads-wrong', place, 'the rows that were shown give another map of heads', index);
  }

  async #extent(leaf: number, { place, first, next }: HeadsEpoch['extents'][number]): Promise<void> {
    const slash = place.lastIndexOf('/');
    const [name, partition] = [place.slice(0, slash), Number(place.slice(slash + 1))];
    const topic = this.what.topics.get(name);
    if (topic === undefined) return;
    let from = this.#next.get(place) ?? first;
    if (next < from) this.findings.add('heads-wrong', place, 'an epoch covers less than the one before', leaf);
    while (from < next) {
      const { records, labelKeys } = await this.what.records(name, partition, from, next);
      if (records.length === 0) throw new Error(`${place}@${from} was not given`);
      for (const record of records) this.#record({ place, topic, partition, leaf }, record, labelKeys);
      from = records.at(-1)!.offset + 1;
      this.what.onProgress?.({ leaves: leaf, records: this.counts.records });
    }
    this.#next.set(place, from);
  }

  #record(
    at: { place: string; topic: number; partition: number; leaf: number },
    record: RecordWithRows,
    labelKeys: ReadonlyMap<string, Buffer>,
  ): void {
    const place = `${at.place}@${record.offset}`;
    const leaf = this.leaves.get(place);
    this.counts.records += 1;
    if (leaf === undefined || leaf.index > at.leaf) {
      this.findings.add('record-altered', place, 'the log had no such record when the heads were made', leaf?.index);
    } else if (leaf.digest !== digestOf(record)) {
      this.findings.add('record-altered', place, 'the record is not the one in the log', leaf.index);
    }
    const named = this.#personsOf(at.place, at.topic, at.partition).in(record);
    if (named === 'repeat') this.counts.repeats += 1;
    if (named === 'unreadable') this.counts.unreadable += 1;
    const persons = typeof named === 'string' ? [] : named;
    const rows = new Map(record.rows.map(({ index, commitment }) => [index, commitment]));
    for (const { subject, index } of persons) {
      const row = rows.get(index);
      const label = this.#labelOf(subject, labelKeys, place);
      if (row === undefined || label === undefined) {
        this.findings.add(
          'row-missing',
          place,
          'a person that it names has no row of it in their history',
          leaf?.index,
        );
        continue;
      }
      rows.delete(index);
      this.counts.rows += 1;
      this.#heads.add(label, at.topic, at.partition, row);
    }
    if (rows.size > 0) {
      this.findings.add(
        'row-unfounded',
        place,
        'it has rows in histories of persons that it does not name',
        leaf?.index,
      );
    }
  }

  #personsOf(place: string, topic: number, partition: number): NamedPersons {
    let persons = this.#persons.get(place);
    if (persons === undefined) {
      persons = new NamedPersons(topic === 1, partition);
      this.#persons.set(place, persons);
    }
    return persons;
  }

  /** A person has one label for good: with a second one there could be a second history. */
  #labelOf(subject: string, keys: ReadonlyMap<string, Buffer>, place: string): Buffer | undefined {
    const key = keys.get(subject);
    if (key === undefined) return undefined;
    const label = labelHash(key, subject);
    const known = this.#labels.get(subject);
    if (known === undefined) this.#labels.set(subject, label);
    else if (!known.equals(label)) {
      this.findings.add('label-changed', place, 'a person that it names had another label before');
    }
    return label;
  }
}
