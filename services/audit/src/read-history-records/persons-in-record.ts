import { HEADER, uuidText } from '@sluice/contracts';
import { headerOf, type PulledRecord } from '@sluice/messaging';
import { LedgerView, SOURCE_AT } from '../domain/ledger-view.js';

const TIME = Buffer.from(HEADER.time);

/** A person that a record names, and where a row made of it would be. */
export interface PersonInRecord {
  subject: string;
  /** Of the row within the record. */
  index: number;
  /** Ms since 1970. */
  at: number;
}

/** Whom a record names, whether a row was made for each or not. */
export function personsIn(record: PulledRecord, isLedger: boolean): PersonInRecord[] {
  try {
    return isLedger ? inLedgerBatch(record.value) : inEvent(record);
  } catch (error) {
    // What cannot be read made no rows: the intake has raised an alarm.
    if (error instanceof RangeError || error instanceof SyntaxError) return [];
    throw error;
  }
}

function inLedgerBatch(value: Buffer): PersonInRecord[] {
  const batch = new LedgerView(value);
  return Array.from({ length: batch.sources }, (_, index) => ({
    subject: uuidText(batch.bytes, batch.sourceAt(index) + SOURCE_AT.subject),
    index,
    at: batch.decidedAt,
  }));
}

function inEvent(record: PulledRecord): PersonInRecord[] {
  const { subject } = JSON.parse(record.value.toString()) as { subject?: unknown };
  const at = Date.parse(headerOf(record, TIME)?.toString() ?? '');
  return typeof subject === 'string' && at >= 0 ? [{ subject, index: 0, at }] : [];
}
