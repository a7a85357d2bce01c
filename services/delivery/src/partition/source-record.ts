import type { PulledRecord } from '@sluice/messaging';

/** The headers of a source record that delivery acts on. */
export interface SourceHeaders {
  type: string;
  id: string;
  time: string;
  actor: string;
  /** Order of publication in the partition; a repeat after a relay’s crash is not above the last one. */
  mark: LogMark;
  /** Released by an operator after a halt: its mark is not comparable. */
  late: boolean;
  traceparent: string | undefined;
}

export interface LogMark {
  xid: number;
  position: number;
}

export const FIRST_MARK: LogMark = { xid: 0, position: 0 };

export function isAfter(mark: LogMark, last: LogMark): boolean {
  return mark.xid > last.xid || (mark.xid === last.xid && mark.position > last.position);
}

const LETTER = { a: 0x61, i: 0x69, l: 0x6c, t: 0x74, y: 0x79 } as const;

/**
 * Reads the headers in one pass, told apart by length and one letter instead of by text: this runs for every record.
 * Throws a RangeError where one is missing.
 */
export function readHeaders(record: PulledRecord): SourceHeaders {
  let type = '';
  let id = '';
  let time = '';
  let actor = '';
  let log = '';
  let late = false;
  let traceparent: string | undefined;
  for (const [name, value] of record.headers) {
    switch (name.length) {
      case 5: // ce_id
        id = value.toString('latin1');
        break;
      case 7: // ce_type, ce_time, ce_late
        if (name[4] === LETTER.y) type = value.toString('latin1');
        else if (name[4] === LETTER.i) time = value.toString('latin1');
        else late ||= name[4] === LETTER.a;
        break;
      case 8: // ce_actor
        actor = value.toString();
        break;
      case 11: // traceparent, ce_sequence
        if (name[0] === LETTER.t) traceparent = value.toString('latin1');
        break;
      case 14: // ce_logposition, ce_specversion
        if (name[3] === LETTER.l) log = value.toString('latin1');
        break;
    }
  }
  const dot = log.indexOf('.');
  if (type === '' || id === '' || time === '' || dot < 0) {
    throw new RangeError('a source record lacks one of ce_type, ce_id, ce_time, ce_logposition');
  }
  return {
    type,
    id,
    time,
    actor,
    mark: { xid: Number(log.slice(0, dot)), position: Number(log.slice(dot + 1)) },
    late,
    traceparent,
  };
}
