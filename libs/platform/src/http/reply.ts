import type { Refusal } from './refusal.js';

/** A handler's success. `version` becomes a strong ETag (`"7"`), `location` the Location header. */
export interface Reply<T = unknown> {
  readonly body: T;
  readonly version?: number;
  readonly location?: string;
  /** Only one the contract names; else the contract's own status. */
  readonly status?: 200 | 201 | 202;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a handler may answer: a reply, the plain body, or a refusal. */
export type Answer<T> = Reply<T> | T | Refusal;

const REPLY_MEMBERS = new Set(['body', 'version', 'location', 'status', 'headers']);

/** A result with a `body` and nothing a Reply lacks is a Reply; every other result is the plain body itself. */
export function isReply(result: unknown): result is Reply {
  if (typeof result !== 'object' || result === null || !Object.hasOwn(result, 'body')) return false;
  for (const member in result) if (!REPLY_MEMBERS.has(member)) return false;
  return true;
}
