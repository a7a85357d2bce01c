import type { ProblemDetail } from '@sluice/contracts';

/** How long a request that waits for an outcome waits when it does not say. */
export const PREFER_WAIT_DEFAULT_MS = 2_000;
/** Waiting longer than this would outlast the time a stopping service gives its requests. */
export const PREFER_WAIT_MAX_MS = 5_000;

/** `Prefer: wait=N` (RFC 7240, 4.3; seconds) in milliseconds, at most PREFER_WAIT_MAX_MS. A preference that cannot be read is ignored, as the RFC asks. */
export function preferWaitMs(prefer: string | undefined): number {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? PREFER_WAIT_DEFAULT_MS : Math.min(Number(seconds) * 1_000, PREFER_WAIT_MAX_MS);
}

/** A version as a strong entity tag (RFC 9110, 8.8.3). */
export const etagOf = (version: number): string => `"${version}"`;

export const IF_MATCH_RULE: ProblemDetail = { path: 'headers.if-match', rule: 'one-strong-etag' };
export const IDEMPOTENCY_KEY_RULE: ProblemDetail = { path: 'headers.idempotency-key', rule: '1-to-128-visible-ascii' };

/** The version of `If-Match: "N"`, or 'malformed': weak tags, lists and `*` do not name the one version the caller saw. */
export function versionOfEtag(ifMatch: string): number | 'malformed' {
  const version = /^"(0|[1-9]\d{0,9})"$/.exec(ifMatch.trim())?.[1];
  return version === undefined ? 'malformed' : Number(version);
}

export const isIdempotencyKey = (key: string): boolean => /^[\x21-\x7e]{1,128}$/.test(key);
