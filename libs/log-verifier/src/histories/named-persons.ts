import { type KafkaRecord, type OpenedRecord, openRecord } from './kafka-record.js';

/** A person that a record names, and the number of the row that must have been made of it. */
export interface NamedPerson {
  subject: string;
  index: number;
}

/** `repeat`: a crash made its service publish it again; it counts once. `unreadable`: no rows can be made of it. */
export type Named = readonly NamedPerson[] | 'repeat' | 'unreadable';

const NOBODY = '00000000-0000-0000-0000-000000000000';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** What is about a seal must not be told while it holds; that it was lifted is. */
const UNTOLD = /^sluice\.audit\.seal-(drafted|approved|refused)\.v\d+$/;

/** Places in a batch of the ledger, formats 1 and 2. */
const LEDGER = { formats: [1, 2], partition: 1, sequence: 6, sources: 82, head: 98, source: 64, subject: 28 } as const;

/** Tells whom the records of one partition name, in order, each once. */
export class NamedPersons {
  /** Of the ledger: the highest sequence, and those below it that did not come yet. */
  #sequence = 0;
  readonly #missing = new Set<number>();
  /** By service: where its log was last seen. */
  readonly #positions = new Map<string, readonly [bigint, bigint]>();

  constructor(
    private readonly isLedger: boolean,
    private readonly partition: number,
  ) {}

  in(record: KafkaRecord): Named {
    const opened = openRecord(record.body);
    if (opened === undefined) return 'unreadable';
    return this.isLedger ? this.#inLedger(opened.value) : this.#inEvent(opened);
  }

  #inLedger(batch: Buffer): Named {
    const { formats, head, source } = LEDGER;
    if (batch.length < head || !formats.some((format) => format === batch[0])) return 'unreadable';
    const sources = batch.readUInt32BE(LEDGER.sources);
    if (batch.length < head + sources * source || batch[LEDGER.partition] !== this.partition) return 'unreadable';
    if (this.#wasThere(Number(batch.readBigUInt64BE(LEDGER.sequence)))) return 'repeat';
    const persons: NamedPerson[] = [];
    for (let index = 0; index < sources; index++) {
      const subject = uuidAt(batch, head + index * source + LEDGER.subject);
      if (subject !== NOBODY) persons.push({ subject, index });
    }
    return persons;
  }

  #wasThere(sequence: number): boolean {
    if (sequence <= this.#sequence) return !this.#missing.delete(sequence);
    for (let missed = this.#sequence + 1; missed < sequence; missed++) this.#missing.add(missed);
    this.#sequence = sequence;
    return false;
  }

  #inEvent(record: OpenedRecord): Named {
    if (header(record, 'ce_late') === undefined) {
      const source = header(record, 'ce_source') ?? '';
      const position = /^(\d{1,19})\.(\d{1,19})$/.exec(header(record, 'ce_logposition') ?? '');
      if (!/^\/[a-z-]+$/.test(source) || position === null) return 'unreadable';
      const place = [BigInt(position[1]!), BigInt(position[2]!)] as const;
      const last = this.#positions.get(source);
      if (last && (place[0] < last[0] || (place[0] === last[0] && place[1] <= last[1]))) return 'repeat';
      this.#positions.set(source, place);
    }
    const subject = subjectOf(record.value);
    if (subject === 'unreadable') return 'unreadable';
    const isTold = subject !== undefined && !UNTOLD.test(header(record, 'ce_type') ?? '');
    return isTold ? [{ subject, index: 0 }] : [];
  }
}

/** Undefined for what is about nobody. */
function subjectOf(payload: Buffer): string | undefined | 'unreadable' {
  try {
    const { subject } = JSON.parse(payload.toString()) as { subject?: unknown };
    return typeof subject === 'string' && UUID.test(subject) ? subject : undefined;
  } catch {
    return 'unreadable';
  }
}

function header({ headers }: OpenedRecord, name: string): string | undefined {
  return headers.find(([key]) => key.toString() === name)?.[1].toString();
}

function uuidAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
