import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { FILING_FIRST_LINE_HEADER, PROBLEMS, type ProblemCode } from '@sluice/contracts';

/** What happens to one request for a filing, for tests of its resumption. */
export interface Mishap {
  /** The connection breaks when so many lines of it are done. */
  breakAfter?: number;
  /** Results of so many of the last lines done are lost with it. */
  loseResults?: number;
  /** The filing stops after so many lines, and the last line of the answer says why. */
  haltAfter?: { lines: number; problem: ProblemCode };
  /** It is refused as a whole. */
  refuse?: { problem: ProblemCode; retryAfterS?: number };
}

/** Speaks the registry's HTTP contracts over a real socket; its mishaps are scripted. Lines whose subject is `x` are refused. */
export class RegistryStandIn {
  /** Lines in the order they were applied. */
  readonly applied: string[] = [];
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  /** One for each coming PUT, then none. */
  mishaps: Mishap[] = [];
  /** Answers of the coming other requests, then 404. */
  answers: { status: number; body?: unknown; headers?: Record<string, string> }[] = [];
  readonly #counts = { changed: 0, unchanged: 0, refused: 0 };
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const handled = request.method === 'PUT' ? this.#file(request, response) : this.#other(request, response);
      handled.catch(() => response.destroy());
    });
  }

  static async start(): Promise<RegistryStandIn> {
    const standIn = new RegistryStandIn();
    await new Promise<void>((resolve) => {
      standIn.#server.listen(0, '127.0.0.1', resolve);
    });
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #other(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.requests.push({ method: request.method!, path: request.url!, headers: request.headers, body });
    const answer = this.answers.shift();
    if (answer !== undefined) return reply(response, answer.status, answer.body, answer.headers);
    if (!request.url!.startsWith('/filings/')) return reply(response, ...problem('not-found'));
    if (this.applied.length === 0) return reply(response, ...problem('unknown-filing'));
    reply(response, 200, { filing: request.url!.slice(9), nextLine: this.applied.length, ...this.#counts });
  }

  async #file(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { breakAfter = -1, loseResults = 0, haltAfter, refuse } = this.mishaps.shift() ?? {};
    const first = Number(request.headers[FILING_FIRST_LINE_HEADER]);
    if (refuse !== undefined) {
      const headers = refuse.retryAfterS === undefined ? {} : { 'retry-after': String(refuse.retryAfterS) };
      return reply(response, ...problem(refuse.problem), headers);
    }
    if (first !== this.applied.length) return reply(response, ...problem('filing-line-mismatch'));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    let done = 0;
    for await (const line of createInterface({ input: request })) {
      if (done === haltAfter?.lines) {
        const result = { line: this.applied.length, status: 'refused', problem: haltAfter.problem };
        response.end(`${JSON.stringify(result)}\n`);
        return;
      }
      const result = this.#apply(line);
      if (breakAfter === -1 || done < breakAfter - loseResults) response.write(`${JSON.stringify(result)}\n`);
      if (++done === breakAfter) {
        // What was written goes out before the reset.
        setImmediate(() => response.destroy());
        return;
      }
    }
    response.end();
  }

  #apply(line: string): unknown {
    const { subject } = JSON.parse(line) as { subject: string };
    const number = this.applied.push(subject) - 1;
    const status = subject === 'x' ? 'refused' : 'changed';
    this.#counts[status]++;
    return { line: number, status, ...(status === 'refused' ? { problem: 'unknown-subject' } : { version: 1 }) };
  }
}

function problem(code: ProblemCode): [number, unknown] {
  const { status, en } = PROBLEMS[code];
  return [status, { type: `https://sluice.example/problems/${code}`, title: en, status, code, instance: 'request-1' }];
}

function reply(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
