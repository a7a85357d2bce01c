import type { PulledRecord } from '@sluice/messaging';
import { type RegistrySource, registrySource } from './read-sources.js';
import { isAfter, type LogMark, readHeaders, type SourceHeaders } from './source-record.js';

interface WithHeaders {
  record: PulledRecord;
  headers: SourceHeaders;
}

export function withHeaders(record: PulledRecord): WithHeaders {
  return { record, headers: readHeaders(record) };
}

/**
 * Each record is read once. One that registry cannot have written is parked and the partition goes on. A stop that cannot
 * be read is another matter: there the worker halts, because going on could release what it forbids.
 */
export function readChanges(records: readonly PulledRecord[]) {
  const changes: (WithHeaders & { source: RegistrySource })[] = [];
  const unreadable: PulledRecord[] = [];
  for (const record of records) {
    try {
      const headers = readHeaders(record);
      changes.push({ record, headers, source: registrySource(record, headers) });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      unreadable.push(record);
    }
  }
  return { changes, unreadable };
}

/** Leaves out what a relay published again after a crash, and answers the new mark. */
export function fresh<T extends WithHeaders>(records: readonly T[], last: LogMark): { taken: T[]; mark: LogMark } {
  let mark = last;
  const taken: T[] = [];
  for (const one of records) {
    if (one.headers.late) taken.push(one);
    else if (isAfter(one.headers.mark, mark)) {
      mark = one.headers.mark;
      taken.push(one);
    }
  }
  return { taken, mark };
}
