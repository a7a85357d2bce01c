import { randomUUID } from 'node:crypto';
import { createService, type RunningService, type ServiceConfig } from '@sluice/platform';
import { auditService } from '../audit.service.js';
import type { AuditScope } from '../intake/topics.js';
import type { LogConfig } from '../log/log-config.js';
import type { TokenIssuer } from './token-issuer.js';

export const AUDITOR = { sub: '0190a000-0000-7000-8000-000000000205', kind: 'staff', roles: ['auditor'] };

export interface Answer<T = unknown> {
  status: number;
  body: T;
}

export interface RunningAudit extends RunningService {
  get<T>(path: string, claims?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer<T>>;
  /** A command, with an Idempotency-Key of its own unless `headers` has one. */
  send<T>(
    method: 'POST' | 'PUT',
    path: string,
    claims: Record<string, unknown>,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
}

/** The whole service on a free port. */
export async function startAudit(
  issuer: TokenIssuer,
  { kafka, databaseUrl }: Pick<ServiceConfig, 'kafka' | 'databaseUrl'>,
  scope: AuditScope,
  { log, keyDir }: { log: LogConfig; keyDir: string },
): Promise<RunningAudit> {
  const config: ServiceConfig = {
    port: 0,
    host: '127.0.0.1',
    databaseUrl,
    kafka,
    issuer: issuer.url,
    jwksUrl: `${issuer.url}/jwks`,
    audience: 'sluice-api',
    keyDir,
    logLevel: 'error',
    instance: kafka.clientId,
  };
  const service = await createService(auditService(config, log, scope));
  return {
    ...service,
    async get<T>(path: string, claims?: Record<string, unknown>, more: Record<string, string> = {}) {
      const headers = claims === undefined ? more : { ...more, authorization: `Bearer ${issuer.token(claims)}` };
      const response = await fetch(service.url + path, { headers });
      return { status: response.status, body: (await response.json()) as T };
    },
    async send<T>(method: string, path: string, claims: object, body?: object, more: Record<string, string> = {}) {
      const headers = {
        authorization: `Bearer ${issuer.token({ ...claims })}`,
        'idempotency-key': randomUUID(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...more,
      };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(service.url + path, { method, headers, ...sent });
      return { status: response.status, body: (await response.json()) as T };
    },
  };
}

/** Asks again until the answer is as wanted. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, what: string): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
