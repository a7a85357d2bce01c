import { createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { endpointOf } from './endpoint.js';
import type { InputOf, OpenInputOf } from './input.js';
import { readInput, readOpenInput } from './read-input.js';

/** The handler's one parameter, of type `InputOf<typeof contract>`. */
export const Input = createParamDecorator((_data: undefined, execution): InputOf<unknown> => {
  const contract = endpointOf(execution.getHandler());
  if (contract === undefined) throw new TypeError('@Input() belongs to a method with @Endpoint(contract)');
  return readInput(contract, execution.switchToHttp().getRequest<FastifyRequest>());
});

/** The one parameter of a handler whose contract names no callers, of type `OpenInputOf<typeof contract>`. */
export const OpenInput = createParamDecorator((_data: undefined, execution): OpenInputOf<unknown> => {
  const contract = endpointOf(execution.getHandler());
  if (contract === undefined) throw new TypeError('@OpenInput() belongs to a method with @Endpoint(contract)');
  return readOpenInput(contract, execution.switchToHttp().getRequest<FastifyRequest>());
});
