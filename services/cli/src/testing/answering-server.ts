import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROBLEMS, type ProblemCode } from '@sluice/contracts';

/** What was asked of it: `GET /parked`, with its body. */
export interface Asked {
  line: string;
  authorization: string | undefined;
  body: unknown;
}

export type Answering = (asked: Asked) => { status?: number; body: unknown };

/** Answers for a service where a test needs an answer that a healthy one does not give. */
export class AnsweringServer {
  readonly asked: Asked[] = [];
  readonly #server: Server;

  static async start(answer: Answering): Promise<AnsweringServer> {
    const server = new AnsweringServer(answer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(answer: Answering) {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const asked = {
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        body: text === '' ? undefined : JSON.parse(text),
      };
      this.asked.push(asked);
      const { status = 200, body } = answer(asked);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A problem document as the services write it. */
export function problem(code: ProblemCode): { status: number; body: unknown } {
  const { status, en } = PROBLEMS[code];
  return {
    status,
    body: { type: `https://sluice.example/problems/${code}`, title: en, status, code, instance: 'request-1' },
  };
}
