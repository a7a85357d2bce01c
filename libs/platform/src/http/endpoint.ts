import { applyDecorators, HttpCode, RequestMapping, RequestMethod, SetMetadata } from '@nestjs/common';
import type { EndpointContract, Method, ReplyOf } from '@sluice/contracts';
import type { InputOf } from './input.js';
import type { Answer } from './reply.js';

const ENDPOINT = 'sluice:endpoint';

const METHODS: Record<Method, RequestMethod> = {
  GET: RequestMethod.GET,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  PATCH: RequestMethod.PATCH,
};

/** A reply as a handler may build it: what it holds need not be mutable. */
type Sent<T> = T extends object ? { readonly [K in keyof T]: Sent<T[K]> } : T;

/** A method that takes the contract's input and answers the contract's reply: checked by the compiler. */
export type EndpointHandler<C extends EndpointContract> = (
  input: InputOf<C>,
) => Answer<Sent<ReplyOf<C>>> | Promise<Answer<Sent<ReplyOf<C>>>>;

/**
 * Makes a controller's method the handler of an endpoint: method, path and status come from the contract, the guard
 * enforces its `who`, and `@Input()` gives what its schemas accepted.
 */
export function Endpoint<C extends EndpointContract>(contract: C) {
  const decorate = applyDecorators(
    RequestMapping({ method: METHODS[contract.method], path: contract.path }),
    HttpCode(contract.status),
    SetMetadata(ENDPOINT, contract),
  );
  return <H extends EndpointHandler<C>>(target: object, name: string, descriptor: TypedPropertyDescriptor<H>): void =>
    decorate(target, name, descriptor);
}

/** The contract a handler was declared with, or undefined for a method without `@Endpoint`. */
export function endpointOf(handler: object): EndpointContract | undefined {
  return Reflect.getMetadata(ENDPOINT, handler) as EndpointContract | undefined;
}
