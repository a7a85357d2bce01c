import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../errors.js';
import { Backoff } from '../retry/backoff.js';
import { isProblem, RequestRefused } from './request-refused.js';

/** A registry that restarts is back within this many tries, about 8 seconds. */
const TRIES = 5;
const MS_PER_SECOND = 1_000;

export interface RegistryOptions {
  /** Where the registry's API begins, e.g. `https://registry.example`. */
  registryUrl: string;
  /** A bearer JWT with the audience of the API; asked for before each request, so cache it if getting one is slow. */
  token: () => Promise<string>;
}

export interface RegistryRequest {
  method: 'GET' | 'PATCH' | 'PUT';
  /** Beginning with a slash. */
  path: string;
  headers?: Record<string, string>;
  body?: string | ReadableStream<Uint8Array>;
  signal?: AbortSignal;
}

/** Speaks HTTP with the registry and turns whatever goes wrong into the SDK's errors. */
export class RegistryConnection {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * One try. The answer's status is a success; its body is still to be read.
   * @throws {SluiceError} `token-unavailable`, `token-refused`, `registry-unreachable`, `request-refused`, `reply-malformed`
   */
  async send({ method, path, headers, body, signal }: RegistryRequest): Promise<Response> {
    const token = await this.#options.token().catch((cause) => {
      throw new SluiceError('token-unavailable', 'the token function failed', { cause });
    });
    const response = await fetch(new URL(path, this.#options.registryUrl), {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body, duplex: 'half' }),
      ...(signal && { signal }),
    }).catch((cause) => {
      throw new SluiceError('registry-unreachable', 'the registry did not answer', { cause });
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** The answer's JSON, after as many tries as it takes. The request MUST be one that may be repeated. */
  async exchange(request: RegistryRequest & { body?: string }): Promise<unknown> {
    const waits = new Backoff();
    for (let tries = 1; ; tries++) {
      try {
        const response = await this.send(request);
        return await response.json().catch((cause) => {
          throw new SluiceError('registry-unreachable', 'the answer broke off', { cause });
        });
      } catch (error) {
        if (tries === TRIES || !isPassing(error)) throw error;
        await delay(waitAfter(error, waits));
      }
    }
  }
}

/** Whether the same request may succeed in a moment. A refused token was already a fresh one: that needs a person. */
export function isPassing(error: unknown): error is SluiceError {
  return error instanceof SluiceError && error.retryable && error.code !== 'token-refused';
}

/** What the registry asks to wait, or else the next of our own waits, in milliseconds. */
export function waitAfter(error: SluiceError, waits: Backoff): number {
  return (error instanceof RequestRefused ? error.retryAfterMs : undefined) ?? waits.next();
}

async function refusal(response: Response): Promise<SluiceError> {
  const problem: unknown = await response.json().catch(() => undefined);
  if (response.status === 401) {
    return new SluiceError('token-refused', `the registry does not accept the token (${codeOf(problem)})`);
  }
  if (isProblem(problem)) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new RequestRefused(problem, Number.isFinite(seconds) ? seconds * MS_PER_SECOND : undefined);
  }
  // Not the registry's own answer: something between it and us.
  return response.status >= 500
    ? new SluiceError('registry-unreachable', `something on the way answered with status ${response.status}`)
    : new SluiceError('reply-malformed', `status ${response.status} without a problem document`);
}

function codeOf(problem: unknown): string {
  return isProblem(problem) ? problem.code : 'no code';
}
