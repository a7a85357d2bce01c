import type { BodyOf, ParamsOf, Principal, QueryOf } from '@sluice/contracts';
import type { FastifyRequest } from 'fastify';

/** Who acts and where the request belongs; the shape the event store takes as its EventContext. */
export interface RequestContext {
  /** `person:…`, `agency:…` or `staff:…`. */
  readonly actor: string;
  /** The request's id, also the `instance` of its problem document. */
  readonly correlationId: string;
  /** W3C Trace Context, the caller's trace or a new one. */
  readonly traceparent?: string;
}

/** What the handler of an endpoint that is open to anyone gets: nobody is known. */
export interface OpenInputOf<C> {
  readonly params: ParamsOf<C>;
  readonly query: QueryOf<C>;
}

/** What a handler gets: accepted by the contract's schemas, from a principal the contract admits. */
export interface InputOf<C> {
  readonly params: ParamsOf<C>;
  readonly query: QueryOf<C>;
  readonly body: BodyOf<C>;
  readonly principal: Principal;
  /** `actor|endpoint|Idempotency-Key`, so that two callers' keys never meet; '' when the contract is not idempotent. */
  readonly idempotencyKey: string;
  /** The version the caller saw; always given when the contract is versioned. */
  readonly ifMatch: number | undefined;
  /** How long the caller is ready to wait for the outcome, in milliseconds; 0 when the contract does not wait. */
  readonly preferWaitMs: number;
  readonly context: RequestContext;
  /** SHA-256 of method, address and body bytes: the same Idempotency-Key must come with the same digest. */
  readonly requestDigest: Buffer;
  /** A stream endpoint reads its body from `request.raw`. */
  readonly request: FastifyRequest;
}
