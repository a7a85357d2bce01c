import { hash } from 'node:crypto';
import type { Principal } from '@sluice/contracts';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { ProblemException } from '../http/problem-exception.js';
import { principalOf } from './principal-of.js';

/** An accepted token costs a signature check once and a look-up after that (170 us of CPU against 1.3, ES256). */
const CACHED_TOKENS = 20_000;
/** A key withdrawn from the JWKS stops opening doors after this long at most, whatever `exp` says. */
const REVERIFY_AFTER_MS = 5 * 60_000;
const JWKS_MAX_AGE_MS = 5 * 60_000;
const JWKS_TIMEOUT_MS = 3_000;
/** Tokens naming unknown keys make the issuer answer no oftener than this. */
const JWKS_COOLDOWN_MS = 5_000;
const CLOCK_SKEW_S = 5;
/** No request needs a longer one; hashing megabytes of "token" would be work for nothing. */
const MAX_TOKEN_LENGTH = 8_192;

export interface TokenVerifierOptions {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** For tests of key rotation. */
  readonly jwksCooldownMs?: number;
}

interface Accepted {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

/** Accepts bearer tokens (RFC 6750, RFC 7519) signed with ES256 or EdDSA by a key of the issuer's JWKS. */
export class TokenVerifier {
  private readonly accepted = new LRUCache<string, Accepted>({ max: CACHED_TOKENS, ttl: REVERIFY_AFTER_MS });
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(private readonly options: TokenVerifierOptions) {
    this.keys = createRemoteJWKSet(new URL(options.jwksUrl), {
      cacheMaxAge: JWKS_MAX_AGE_MS,
      timeoutDuration: JWKS_TIMEOUT_MS,
      cooldownDuration: options.jwksCooldownMs ?? JWKS_COOLDOWN_MS,
    });
  }

  /** The principal of an `Authorization` header; a promise only where a signature has to be checked. @throws ProblemException */
  verify(authorization: string | undefined): Principal | Promise<Principal> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refusedToken('token-missing');
    if (token.length > MAX_TOKEN_LENGTH) throw refusedToken('token-invalid');
    const key = hash('sha256', token, 'base64url');
    const known = this.accepted.get(key);
    if (known === undefined) return this.check(token, key);
    if (known.expiresAtMs <= Date.now()) {
      this.accepted.delete(key);
      throw refusedToken('token-expired');
    }
    return known.principal;
  }

  private async check(token: string, key: string): Promise<Principal> {
    const { principal, expiresAtMs } = await this.claimsOf(token).then(toAccepted);
    this.accepted.set(key, { principal, expiresAtMs });
    return principal;
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.options.issuer,
        audience: this.options.audience,
        algorithms: ['ES256', 'EdDSA'],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_SKEW_S,
      });
      return payload;
    } catch (error) {
      throw problemOf(error);
    }
  }
}

function toAccepted(claims: JWTPayload): Accepted {
  const principal = principalOf(claims);
  if (principal === undefined) throw refusedToken('token-invalid');
  return { principal, expiresAtMs: ((claims.exp ?? 0) + CLOCK_SKEW_S) * 1_000 };
}

/** A token that cannot be checked now is not an invalid token: the caller may come again with the same one. */
function problemOf(error: unknown): ProblemException {
  if (error instanceof errors.JWTExpired) return refusedToken('token-expired');
  const unreachable =
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError);
  const badAnswer = error instanceof errors.JOSEError && error.code === errors.JOSEError.code;
  return unreachable || badAnswer ? new ProblemException('not-ready') : refusedToken('token-invalid');
}

/** With the challenge RFC 6750, section 3, asks for. */
function refusedToken(code: 'token-missing' | 'token-invalid' | 'token-expired'): ProblemException {
  const challenge = code === 'token-missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  return new ProblemException(code, { headers: { 'www-authenticate': challenge } });
}
