import type { z } from 'zod';
import type { ProblemCode } from '../problems.js';
import type { ServiceName } from '../topics.js';

export const STAFF_ROLES = ['reviewer', 'supervisor', 'operator', 'auditor'] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

/** Who may call an endpoint: persons, agencies, or staff of the centre with one of the roles. */
export type Caller = 'person' | 'agency' | StaffRole;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

/**
 * One HTTP endpoint: the single source for its controller, its validation and its OpenAPI operation.
 * `idempotent`: the command needs an `Idempotency-Key`. `versioned`: it needs `If-Match`.
 * `waits`: `Prefer: wait=N` is honoured. `stream`: the body is read as a stream, not parsed.
 */
export interface EndpointContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly service: ServiceName;
  readonly method: Method;
  /** With `:name` parameters, as Nest and Fastify write them. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly who: readonly Caller[];
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly reply: Reply;
  readonly status: 200 | 201 | 202;
  /** Further success statuses the handler may answer with (same reply shape). */
  readonly otherStatuses?: readonly (200 | 201 | 202)[];
  readonly idempotent?: boolean;
  readonly versioned?: boolean;
  readonly waits?: boolean;
  readonly stream?: 'application/x-ndjson';
  /** Media types of an answer that is a stream of bytes, not a JSON document. */
  readonly produces?: readonly string[];
  readonly problems: readonly ProblemCode[];
}

/** Fixes the types of a contract without widening them. */
export function defineEndpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  contract: EndpointContract<P, Q, B, R>,
): EndpointContract<P, Q, B, R> {
  return contract;
}

export type ParamsOf<C> = C extends { params?: infer P }
  ? NonNullable<P> extends z.ZodType
    ? z.output<NonNullable<P>>
    : undefined
  : never;
export type QueryOf<C> = C extends { query?: infer Q }
  ? NonNullable<Q> extends z.ZodType
    ? z.output<NonNullable<Q>>
    : undefined
  : never;
export type BodyOf<C> = C extends { body?: infer B }
  ? NonNullable<B> extends z.ZodType
    ? z.output<NonNullable<B>>
    : undefined
  : never;
export type ReplyOf<C> = C extends { reply: infer R extends z.ZodType } ? z.output<R> : never;
