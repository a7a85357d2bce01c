import { HeaderWalk, type PulledRecord } from '@sluice/messaging';

/** The headers of a source record that delivery acts on. */
export interface SourceHeaders {
  type: string;
  id: string;
  time: string;
  /** `time` in ms since 1970. */
  timeMs: number;
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
const DOT = 0x2e;
const ZERO = 0x30;

/** The text of a header that is mostly the same as in the record before: made once, and known again by its bytes. */
class RepeatedText {
  #text = '';
  #length = 0;

  of(bytes: Buffer, start: number, end: number): string {
    if (end - start !== this.#length || !this.#isAt(bytes, start)) {
      this.#text = bytes.toString('utf8', start, end);
      this.#length = end - start;
    }
    return this.#text;
  }

  /** A text with characters of several bytes never is: it is read anew. */
  #isAt(bytes: Buffer, start: number): boolean {
    if (this.#text.length !== this.#length) return false;
    for (let i = 0; i < this.#length; i++) if (bytes[start + i] !== this.#text.charCodeAt(i)) return false;
    return true;
  }
}

const walk = new HeaderWalk();
const types = new RepeatedText();
const actors = new RepeatedText();
const times = new RepeatedText();
let parsed = { time: '', ms: Number.NaN };

/**
 * Reads the headers in one pass, told apart by length and one letter instead of by text: this runs for every record.
 * Throws a RangeError where one is missing.
 */
export function readHeaders(record: PulledRecord): SourceHeaders {
  let type = '';
  let id = '';
  let time = '';
  let actor = '';
  let mark: LogMark | undefined;
  let late = false;
  let traceparent: string | undefined;
  const bytes = walk.over(record);
  while (walk.next()) {
    const { nameAt, valueAt, valueEnd } = walk;
    switch (walk.nameLength) {
      case 5: // ce_id
        id = bytes.toString('latin1', valueAt, valueEnd);
        break;
      case 7: // ce_type, ce_time, ce_late
        if (bytes[nameAt + 4] === LETTER.y) type = types.of(bytes, valueAt, valueEnd);
        else if (bytes[nameAt + 4] === LETTER.i) time = times.of(bytes, valueAt, valueEnd);
        else late ||= bytes[nameAt + 4] === LETTER.a;
        break;
      case 8: // ce_actor
        actor = actors.of(bytes, valueAt, valueEnd);
        break;
      case 11: // traceparent, ce_sequence
        if (bytes[nameAt] === LETTER.t) traceparent = bytes.toString('latin1', valueAt, valueEnd);
        break;
      case 14: // ce_logposition, ce_specversion
        if (bytes[nameAt + 3] === LETTER.l) mark = markIn(bytes, valueAt, valueEnd);
        break;
    }
  }
  if (type === '' || id === '' || time === '' || mark === undefined) {
    throw new RangeError('a source record lacks one of ce_type, ce_id, ce_time, ce_logposition');
  }
  if (parsed.time !== time) parsed = { time, ms: Date.parse(time) };
  return { type, id, time, timeMs: parsed.ms, actor, mark, late, traceparent };
}

/** `xid.position`, both decimal. */
function markIn(bytes: Buffer, start: number, end: number): LogMark | undefined {
  let xid = 0;
  let at = start;
  for (; at < end && bytes[at] !== DOT; at++) xid = xid * 10 + bytes[at]! - ZERO;
  if (at === end) return undefined;
  let position = 0;
  for (at++; at < end; at++) position = position * 10 + bytes[at]! - ZERO;
  return { xid, position };
}
