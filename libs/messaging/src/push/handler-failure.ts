import { Poison, Retryable } from '../errors.js';

/** What an error of a handler asks for, and why in words that carry nothing personal. */
export interface HandlerFailure {
  /** `passing`: not the event's fault; the database or a broker is away, or somebody else was first. */
  kind: 'poison' | 'passing' | 'unexplained';
  reason: string;
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PLT_KFK_NETWORK',
]);
/** SQLSTATE classes: connection, resources, operator intervention (also statement timeouts), system. */
const SQL_CLASSES = new Set(['08', '53', '57', '58']);
/** Serialization failure, deadlock, lock timeout, and writing to what is a standby at the moment. */
const SQL_STATES = new Set(['40001', '40P01', '55P03', '25006']);
/** pg reports these without a code. */
const PG_CONNECTION =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;

export function readFailure(error: unknown): HandlerFailure {
  if (error instanceof Poison) return { kind: 'poison', reason: error.reason };
  return { kind: isPassing(error) ? 'passing' : 'unexplained', reason: describe(error) };
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof Retryable || PG_CONNECTION.test(error.message)) return true;
  const { code, retryable, retriable } = error as { code?: unknown; retryable?: unknown; retriable?: unknown };
  if (retryable === true || retriable === true) return true;
  if (typeof code === 'string') {
    if (NETWORK_CODES.has(code) || SQL_STATES.has(code)) return true;
    if (code.length === 5 && SQL_CLASSES.has(code.slice(0, 2))) return true;
  }
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error.cause, ...inner].some(isPassing);
}

/** Kind, code and place of an error. Not its message: that may quote personal data. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const { code } = error as { code?: unknown };
  const place = /\(?([^\s()]+:\d+:\d+)\)?$/.exec(error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '');
  const file = place?.[1]?.replace(/^.*\//, '');
  return [error.name, typeof code === 'string' ? code : '', file ? `at ${file}` : ''].filter(Boolean).join(' ');
}
