import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { passNdjsonStreams } from './json-body.js';
import { limitReceiving, type ReceivingLimits } from './receiving-limits.js';

const NEVER_MS = 100_000;
const SHORT_MS = 300;
let server: FastifyInstance;
let handled: string[];

afterEach(() => server.close());

async function serverWith(limits: ReceivingLimits): Promise<() => Socket> {
  server = fastify();
  handled = [];
  limitReceiving(server, limits);
  passNdjsonStreams(server);
  server.post('/', async ({ body }) => {
    handled.push(JSON.stringify(body));
    return 'read';
  });
  server.put('/', async ({ raw }) => {
    let bytes = 0;
    for await (const chunk of raw) bytes += chunk.length;
    handled.push(`${bytes} bytes`);
    return 'read';
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  return () => connect(port, '127.0.0.1').setEncoding('latin1');
}

/** Until the server closes, whatever it has answered. */
async function allOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.on('error', () => {})) text += chunk;
  return text;
}

const head = (method: string, type: string, more: string) =>
  `${method} / HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\n${more}\r\n\r\n`;
const json = (length: number) => head('POST', 'application/json', `content-length: ${length}`);
const stream = (more = '') => head('PUT', 'application/x-ndjson', `transfer-encoding: chunked${more}`);
const LINE = '3\r\n{}\n\r\n';
const END = '0\r\n\r\n';

test('a body that does not arrive is given up, and nobody handles it', async () => {
  const open = await serverWith({ wholeMs: SHORT_MS, silentMs: NEVER_MS });
  const socket = open();
  socket.write(`${json(10)}{"a"`);
  expect(await allOf(socket)).toBe('');
  expect(handled).toEqual([]);
});

test('what has arrived is not cut off later, nor what follows on its connection', async () => {
  const open = await serverWith({ wholeMs: SHORT_MS, silentMs: NEVER_MS });
  const socket = open();
  socket.write(`${json(2)}{}`);
  await pause(2 * SHORT_MS);
  socket.end(`${json(4)}true`);
  expect((await allOf(socket)).match(/200 OK/g)).toHaveLength(2);
  expect(handled).toEqual(['{}', 'true']);
});

test('a filing of ten minutes was broken off: a stream lasts longer than any other request may', async () => {
  const open = await serverWith({ wholeMs: SHORT_MS, silentMs: NEVER_MS });
  const socket = open();
  socket.write(stream('\r\nconnection: close'));
  for (let i = 0; i < 5; i++) {
    socket.write(LINE);
    await pause(SHORT_MS / 2);
  }
  socket.write(END);
  expect(await allOf(socket)).toMatch(/^HTTP\/1.1 200 OK/);
  expect(handled).toEqual(['15 bytes']);
});

test('a stream that falls silent is cut off', async () => {
  const open = await serverWith({ wholeMs: NEVER_MS, silentMs: SHORT_MS });
  const socket = open();
  socket.write(`${stream()}${LINE}`);
  expect(await allOf(socket)).toBe('');
  expect(handled).toEqual([]);
});

test('after a stream its connection may rest as long as any other', async () => {
  const silentMs = 1_000;
  const open = await serverWith({ wholeMs: NEVER_MS, silentMs });
  const socket = open();
  socket.write(`${stream()}${LINE}${END}`);
  await expect.poll(() => handled).toEqual(['3 bytes']);
  await pause(2 * silentMs);
  socket.end(`${json(2)}{}`);
  expect((await allOf(socket)).match(/200 OK/g)).toHaveLength(2);
  expect(handled).toEqual(['3 bytes', '{}']);
});
