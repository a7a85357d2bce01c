import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Caller, Principal } from '@sluice/contracts';
import type { FastifyRequest } from 'fastify';
import { endpointOf } from '../http/endpoint.js';
import { ProblemException } from '../http/problem-exception.js';
import { TokenVerifier } from './token-verifier.js';

/**
 * Lets a request pass when its token's principal is one the endpoint's contract admits. A contract that names nobody is
 * open to anyone; a handler without a contract admits nobody: forgetting the decorator must not open a door.
 */
@Injectable()
export class PrincipalGuard implements CanActivate {
  constructor(private readonly tokens: TokenVerifier) {}

  canActivate(execution: ExecutionContext): true | Promise<true> {
    const { state, headers } = execution.switchToHttp().getRequest<FastifyRequest>();
    const endpoint = endpointOf(execution.getHandler());
    if (endpoint === undefined) throw new ProblemException('not-allowed');
    state.endpoint = endpoint;
    if (endpoint.who.length === 0) return true;
    const admit = (principal: Principal): true => {
      state.principal = principal;
      if (!admits(endpoint.who, principal)) throw new ProblemException('not-allowed');
      return true;
    };
    const principal = this.tokens.verify(headers.authorization);
    return principal instanceof Promise ? principal.then(admit) : admit(principal);
  }
}

function admits(who: readonly Caller[], principal: Principal): boolean {
  return principal.kind === 'staff' ? principal.roles.some((role) => who.includes(role)) : who.includes(principal.kind);
}
