import { uuidBytes } from '@sluice/contracts';
import { rowRef } from '../domain/history-row.js';
import { DECISION_AT, type LedgerView, SOURCE_AT } from '../domain/ledger-view.js';
import { BinaryArray } from './binary-array.js';
import type { RowOrigin } from './history-columns.js';

const SUBJECT_BYTES = 16;
/** subject | u16 index */
export const ACTIVITY_ROW_BYTES = SUBJECT_BYTES + 2;
const AGENCY = Buffer.from('agency:');
const NIL = Buffer.alloc(SUBJECT_BYTES);

/** Which agencies the records of a pull concern, and in whose histories: a row for each record and agency, not for each delivery. */
export class AgencyColumns {
  readonly agencies: string[] = [];
  readonly times = new BinaryArray('timestamptz');
  readonly refs = new BinaryArray('bigint');
  readonly rows = new BinaryArray('bytea');

  /** A record about one person. */
  add(origin: RowOrigin, agency: string, subject: string): void {
    const at = this.#row(origin, agency, 1);
    uuidBytes(subject).copy(this.rows.bytes, at);
    this.rows.bytes.writeUInt16BE(0, at + SUBJECT_BYTES);
  }

  /** A batch of the ledger: what was decided for an agency, and what it filed itself. */
  addBatch(origin: RowOrigin, batch: LedgerView): void {
    for (const [string, sources] of sourcesByAgency(batch).entries()) {
      if (sources === undefined) continue;
      const name = batch.strings[string]!;
      const agency = name.subarray(0, AGENCY.length).equals(AGENCY) ? name.subarray(AGENCY.length) : name;
      let at = this.#row(origin, agency.toString(), sources.length);
      for (const source of sources) {
        const subjectAt = batch.sourceAt(source) + SOURCE_AT.subject;
        batch.bytes.copy(this.rows.bytes, at, subjectAt, subjectAt + SUBJECT_BYTES);
        this.rows.bytes.writeUInt16BE(source, at + SUBJECT_BYTES);
        at += ACTIVITY_ROW_BYTES;
      }
    }
  }

  #row({ topic, partition, offset, at }: RowOrigin, agency: string, count: number): number {
    const [high, low] = rowRef(topic, partition, Number(offset), 0);
    this.agencies.push(agency);
    this.times.addTime(at);
    this.refs.addHalves(high, low);
    return this.rows.next(count * ACTIVITY_ROW_BYTES);
  }
}

/** By the string that names the agency: the sources that concern it, ascending, each once. */
function sourcesByAgency(batch: LedgerView): (number[] | undefined)[] {
  const { bytes, strings } = batch;
  const names = strings.map((name) => name.toString());
  const home = names.map((name, i) => {
    const agency = name.startsWith('agency:') ? names.indexOf(name.slice('agency:'.length)) : i;
    return agency < 0 ? i : agency;
  });
  const sources: (number[] | undefined)[] = strings.map(() => undefined);
  const isPersonal = Array.from({ length: batch.sources }, (_, i) => {
    const at = batch.sourceAt(i) + SOURCE_AT.subject;
    return bytes.compare(NIL, 0, SUBJECT_BYTES, at, at + SUBJECT_BYTES) !== 0;
  });
  const note = (string: number, source: number) => {
    const at = home[string]!;
    sources[at] ??= [];
    sources[at].push(source);
  };
  for (let i = 0; i < batch.decisions; i++) {
    const at = batch.decisionAt(i);
    const source = bytes.readUInt32BE(at + DECISION_AT.source);
    if (isPersonal[source]) note(bytes.readUInt16BE(at + DECISION_AT.agency), source);
  }
  for (let i = 0; i < batch.sources; i++) {
    const actor = bytes.readUInt16BE(batch.sourceAt(i) + SOURCE_AT.actor);
    if (isPersonal[i] && names[actor]!.startsWith('agency:')) note(actor, i);
  }
  return sources.map((of) => of && [...new Set(of)].sort((a, b) => a - b));
}
