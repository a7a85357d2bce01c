import { EventStoreError } from './errors.js';

/**
 * What a failure of PostgreSQL or of the way to it means here.
 * - `unavailable`: the connection, or resources on the other side, could not be had; or the statement ran out of time.
 * - `conflict`: another writer was first, or a deadlock was broken.
 * - `refused`: the statement itself is at fault.
 */
export type DatabaseFailure = 'unavailable' | 'conflict' | 'refused';

/** Constraints whose violation means that another writer was first. */
const RACED = new Set(['event_stream_version', 'idempotency_pkey']);

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention (shutdown, cancel, timeout), system error. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);

/** Serialization failure and deadlock. */
const RETRY_STATES = new Set(['40001', '40P01']);

/** A read-only session (a failover under way), an idle transaction ended by the server, a lock timeout. */
const UNAVAILABLE_STATES = new Set(['25006', '25P03', '55P03']);

interface SqlError extends Error {
  code: string;
  severity?: string;
  schema?: string;
  constraint?: string;
}

/** pg reports what the server said with a five-character SQLSTATE; Node's and its own connection errors have none. */
function isSqlError(error: unknown): error is SqlError {
  return error instanceof Error && 'severity' in error && 'code' in error && String(error.code).length === 5;
}

/** A value that pg could not even send, as against a connection error of pg or Node. */
export function isUnsendable(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

export function failureOf(error: unknown, schema: string): DatabaseFailure {
  if (isUnsendable(error)) return 'refused';
  if (!isSqlError(error)) return 'unavailable';
  if (RETRY_STATES.has(error.code)) return 'conflict';
  if (error.code === '23505' && error.schema === schema && RACED.has(error.constraint ?? '')) return 'conflict';
  if (UNAVAILABLE_STATES.has(error.code) || UNAVAILABLE_CLASSES.has(error.code.slice(0, 2))) return 'unavailable';
  return 'refused';
}

/** Did the connection break, so that nobody knows how the statement on it ended? */
export function connectionBroke(error: unknown): boolean {
  return !isSqlError(error) || error.severity === 'FATAL' || error.severity === 'PANIC';
}

/** The name of the violated constraint; `not-null` and the like carry none, then the kind stands for it. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!isSqlError(error) || !error.code.startsWith('23')) return undefined;
  return error.constraint ?? error.code;
}

export function unavailable(cause: unknown): EventStoreError {
  return new EventStoreError('unavailable', 'the database cannot be reached; nothing was written', { cause });
}

export function rejected(cause: unknown): EventStoreError {
  return new EventStoreError('rejected', 'the database refused a statement; nothing was written', { cause });
}

/** The error for a failure before anything could have been committed. */
export function asStoreError(error: unknown, schema: string): EventStoreError {
  if (error instanceof EventStoreError) return error;
  return failureOf(error, schema) === 'unavailable' ? unavailable(error) : rejected(error);
}
