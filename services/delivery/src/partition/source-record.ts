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

/** Reads the headers in one pass: this runs for every record. Throws a RangeError where one is missing. */
export function readHeaders(record: PulledRecord): SourceHeaders {
  let type = '';
  let id = '';
  let time = '';
  let actor = '';
  let log = '';
  let late = false;
  let traceparent: string | undefined;
  for (const [name, value] of record.headers) {
    switch (name.toString('latin1')) {
      case 'ce_type':
        type = value.toString('latin1');
        break;
      case 'ce_id':
        id = value.toString('latin1');
        break;
      case 'ce_time':
        time = value.toString('latin1');
        break;
      case 'ce_actor':
        actor = value.toString();
        break;
      case 'ce_logposition':
        log = value.toString('latin1');
        break;
      case 'ce_late':
        late = true;
        break;
      case 'traceparent':
        traceparent = value.toString('latin1');
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
