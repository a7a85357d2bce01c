import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { ProblemException } from './problem-exception.js';

export const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Parses JSON bodies and keeps their bytes. Refuses what two readers could understand differently: bytes that are not
 * UTF-8, a member named twice (RFC 8259, section 4), and members that would reach an object's prototype.
 */
export function acceptJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES },
    (request, bytes: Buffer, done) => {
      if (bytes.length === 0) return done(null, undefined);
      if (!isUtf8(bytes)) return done(new ProblemException('body-not-json'));
      request.state.bodyBytes = bytes;
      parse(request, bytes.toString(), (error, body) => {
        if (error !== null) return done(new ProblemException('body-not-json'));
        if (membersIn(bytes) !== membersOf(body))
          return done(
            new ProblemException('body-not-json', { errors: [{ path: 'body', rule: 'no-repeated-members' }] }),
          );
        done(null, body);
      });
    },
  );
}

/** NDJSON is handed on unread: the handler takes it from `request.raw` at its own pace, whatever its length. */
export function passNdjsonStreams(server: FastifyInstance): void {
  server.addContentTypeParser('application/x-ndjson', (_request, stream, done) => done(null, stream));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** In valid JSON every colon outside of a string belongs to one member. Parsing keeps one of two members of a name, so a repeat shows as a difference in number. */
function membersIn(json: Buffer): number {
  let members = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) inString = !inString;
    else if (inString && byte === BACKSLASH) i++;
    else if (!inString && byte === COLON) members++;
  }
  return members;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce<number>((sum, each) => sum + membersOf(each), Array.isArray(value) ? 0 : inner.length);
}
