import { randomUUID } from 'node:crypto';
import { type EndpointContract, PROBLEMS, type ProblemCode, type ReplyOf, type ServiceName } from '@sluice/contracts';
import { EXIT, exitOfProblem } from '../exit-codes.js';
import { Failure, usageFailure } from '../failure.js';
import type { Access } from './access.js';
import type { ActingRole } from './local-stack.js';

/** Every service answers within its own statement timeout of 10 s, or it is not well. */
const REQUEST_TIMEOUT_MS = 12_000;

export interface CallInput {
  params?: Record<string, string>;
  /** What is undefined is left out. */
  query?: Record<string, string | number | undefined>;
  body?: unknown;
}

/** An answer as it came, for the routes that have no contract. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Calls the services over HTTP, by their contracts. */
export class ServiceClient {
  constructor(readonly access: Access) {}

  /** @throws {Failure} with the exit code that stands for the problem */
  async call<C extends EndpointContract>(contract: C, role: ActingRole, input: CallInput = {}): Promise<ReplyOf<C>> {
    // What is open to anyone needs no token, and so nobody who could give one.
    const token = contract.who.length === 0 ? undefined : await this.access.tokenFor(role);
    const answer = await this.fetch(contract.service, pathOf(contract, input), {
      method: contract.method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(contract.idempotent && { 'idempotency-key': randomUUID() }),
        ...(input.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    });
    if (answer.status >= 400) throw problemFailure(contract, answer);
    return readReply(contract, answer.text);
  }

  /** @throws {Failure} when nothing says where the service is, or it does not answer */
  async fetch(
    service: ServiceName,
    path: string,
    init: RequestInit = {},
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<RawAnswer> {
    const url = this.access.urlOf(service);
    if (url === undefined) {
      const variable = `SLUICE_${service.toUpperCase()}_URL`;
      throw usageFailure(`where is ${service}? give --${service}-url, ${variable}, or --data-dir of a local stack`);
    }
    try {
      const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      throw new Failure(EXIT.error, `${service} does not answer at ${url} (${reasonOf(cause, timeoutMs)})`, { cause });
    }
  }
}

function pathOf(contract: EndpointContract, { params = {}, query = {} }: CallInput): string {
  const path = contract.path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}

function readReply<C extends EndpointContract>(contract: C, text: string): ReplyOf<C> {
  const reply = parseJson(text);
  const read = contract.reply.safeParse(reply);
  // A newer service may say more than this command line knows; that is no reason to fail at three in the morning.
  if (read.success || read.error.issues.every(({ code }) => code === 'unrecognized_keys')) return reply as ReplyOf<C>;
  const { service, id } = contract;
  throw new Failure(EXIT.error, `${service} answers ${id} in a form that this version of sluice does not know`);
}

function problemFailure({ service, id }: EndpointContract, { status, text }: RawAnswer): Failure {
  const problem = parseJson(text) as { code?: string; instance?: string; errors?: { path: string; rule: string }[] };
  const code = problem?.code;
  if (code === undefined || !Object.hasOwn(PROBLEMS, code)) {
    return new Failure(EXIT.error, `${service} answered ${id} with ${status}`);
  }
  const { en } = PROBLEMS[code as ProblemCode];
  const places = (problem.errors ?? []).map(({ path, rule }) => `${path}: ${rule}`).join(', ');
  const request = problem.instance === undefined ? '' : `; in its log as ${problem.instance}`;
  const message = `${service}: ${en} (${code}${places && `; ${places}`}${request})`;
  return new Failure(exitOfProblem(code as ProblemCode), message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`;
  return cause?.code ?? message;
}
