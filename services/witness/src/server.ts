import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Answer, Witness } from './witness.js';
import type { WitnessedLogs } from './witnessed-logs.js';

/** Room for 63 proof lines and a checkpoint with many signatures. */
const MAX_BODY_BYTES = 64 * 1024;

const NOT_FOUND: Answer = { status: 404, body: 'there is nothing here\n', contentType: 'text/plain; charset=utf-8' };

/** `POST /add-checkpoint` and `GET /<origin hash>/checkpoint` of https://c2sp.org/tlog-witness. */
export function witnessServer(witness: Witness, witnessed: WitnessedLogs): Server {
  return createServer(async (request, response) => {
    try {
      send(response, await answer(request, witness, witnessed));
    } catch (error) {
      // Without its record the witness signs nothing; the log asks again with its next checkpoint.
      console.error(`cannot answer: ${(error as Error).message}`);
      send(response, {
        status: 500,
        body: 'the witness cannot keep its record\n',
        contentType: 'text/plain; charset=utf-8',
      });
    }
  });
}

async function answer(request: IncomingMessage, witness: Witness, witnessed: WitnessedLogs): Promise<Answer> {
  if (request.method === 'POST' && request.url === '/add-checkpoint') {
    const body = await readBody(request);
    if (body === undefined) return { ...NOT_FOUND, status: 413, body: 'the request is too large\n' };
    return witness.addCheckpoint(body, Math.floor(Date.now() / 1000));
  }
  const hash = request.method === 'GET' ? /^\/([0-9a-f]{64})\/checkpoint$/.exec(request.url ?? '')?.[1] : undefined;
  const newest = hash === undefined ? undefined : await witnessed.read(hash);
  return newest ? { status: 200, body: newest.note, contentType: 'text/plain; charset=utf-8' } : NOT_FOUND;
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, contentType }: Answer): void {
  // A request that was not read to its end leaves the connection useless.
  const connection = status === 413 ? { connection: 'close' } : {};
  response.writeHead(status, { 'content-type': contentType, ...connection }).end(body);
}
