import { randomUUID } from 'node:crypto';
import type { EndpointContract, ProblemDocument, ReplyOf, ServiceName } from '@sluice/contracts';

/** What a call sends beside its contract. */
export interface CallOptions {
  token?: string;
  params?: Record<string, string>;
  query?: Record<string, string | number>;
  body?: unknown;
  ifMatch?: number;
  idempotencyKey?: string;
  /** Seconds for `Prefer: wait`. */
  waitS?: number;
}

export interface CallResult<T> {
  status: number;
  body: T;
  etag: string | null;
}

/** An answer that is not a success, with its problem document. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  constructor(
    readonly endpoint: string,
    readonly status: number,
    readonly problem: ProblemDocument | undefined,
  ) {
    super(
      `${endpoint} answered ${status} ${problem?.code ?? ''}${problem?.errors ? JSON.stringify(problem.errors) : ''}`,
    );
  }
}

/** Calls endpoints by their contracts, over real HTTP. */
export class ApiClient {
  constructor(private readonly urls: Record<ServiceName, string>) {}

  /** @throws CallFailed */
  async call<C extends EndpointContract>(endpoint: C, options: CallOptions = {}): Promise<CallResult<ReplyOf<C>>> {
    const response = await fetch(this.#url(endpoint, options), {
      method: endpoint.method,
      headers: headersOf(endpoint, options),
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new CallFailed(endpoint.id, response.status, problemOf(text));
    return { status: response.status, body: JSON.parse(text) as ReplyOf<C>, etag: response.headers.get('etag') };
  }

  /** The problem a call is refused with; fails when it succeeds. */
  async refusal(endpoint: EndpointContract, options: CallOptions = {}): Promise<CallFailed> {
    try {
      await this.call(endpoint, options);
    } catch (error) {
      if (error instanceof CallFailed) return error;
      throw error;
    }
    throw new Error(`${endpoint.id} was expected to be refused`);
  }

  #url(endpoint: EndpointContract, { params = {}, query = {} }: CallOptions): string {
    const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const url = new URL(path, this.urls[endpoint.service]);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return url.href;
  }
}

function headersOf(endpoint: EndpointContract, options: CallOptions): Record<string, string> {
  return {
    ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    ...(options.body !== undefined && { 'content-type': 'application/json' }),
    ...(endpoint.idempotent && { 'idempotency-key': options.idempotencyKey ?? randomUUID() }),
    ...(options.ifMatch !== undefined && { 'if-match': `"${options.ifMatch}"` }),
    ...(options.waitS !== undefined && { prefer: `wait=${options.waitS}` }),
  };
}

function problemOf(text: string): ProblemDocument | undefined {
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return undefined;
  }
}
