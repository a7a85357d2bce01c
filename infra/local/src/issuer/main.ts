// The local issuer of tokens, as its own process: node main.js CONFIGURATION.json. It stands in for the identity
// provider of a real installation and gives a token to whoever holds its secret: for development only.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { calculateJwkThumbprint, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

interface Configuration {
  port: number;
  /** Where to listen; the loopback unless told otherwise (a container says 0.0.0.0). */
  host?: string;
  /** The `iss` of every token and the base of every address. */
  issuer: string;
  privateKey: JWK;
  /** The bearer secret of POST /token. */
  secret: string;
  personas: Record<string, { claims: JWTPayload }>;
}

interface TokenRequest {
  persona?: string;
  claims?: JWTPayload;
  audience?: string | string[];
  /** Seconds, or a span such as "5 minutes". */
  expiresIn?: number | string;
}

const DEFAULT_AUDIENCE = 'sluice-api';
const DEFAULT_LIFE = '12h';
const BODY_LIMIT_BYTES = 16 * 1024;

const configuration: Configuration = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
const kid = await calculateJwkThumbprint(configuration.privateKey);
const key = await importJWK(configuration.privateKey, 'ES256');
const { kty, crv, x, y } = configuration.privateKey;
const documents: Record<string, unknown> = {
  '/jwks': { keys: [{ kty, crv, x, y, kid, use: 'sig', alg: 'ES256' }] },
  '/.well-known/openid-configuration': {
    issuer: configuration.issuer,
    jwks_uri: `${configuration.issuer}/jwks`,
    token_endpoint: `${configuration.issuer}/token`,
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  },
};

const server = createServer((request, response) => {
  answer(request, response).catch(() => send(response, 500, { error: 'server_error' }));
});
server.listen(configuration.port, configuration.host ?? '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  const document = documents[path];
  if (request.method === 'GET' && document !== undefined) return send(response, 200, document);
  if (request.method !== 'POST' || path !== '/token') return send(response, 404, { error: 'not_found' });
  if (!holdsSecret(request.headers.authorization)) return send(response, 401, { error: 'invalid_client' });
  const asked = await readJson(request);
  const claims = asked?.claims ?? configuration.personas[asked?.persona ?? '']?.claims;
  if (!asked || !claims) return send(response, 400, { error: 'invalid_request' });
  const { expiresIn = DEFAULT_LIFE } = asked;
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
    .setIssuer(configuration.issuer)
    .setAudience(asked.audience ?? DEFAULT_AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(typeof expiresIn === 'number' ? now + expiresIn : expiresIn)
    .sign(key);
  send(response, 200, { access_token: token, token_type: 'Bearer' });
}

function holdsSecret(authorization: string | undefined): boolean {
  const given = Buffer.from(authorization ?? '');
  const expected = Buffer.from(`Bearer ${configuration.secret}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readJson(request: IncomingMessage): Promise<TokenRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as TokenRequest;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
