import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Issues tokens and serves the key they are checked with over real HTTP, for tests. */
export class TokenIssuer {
  readonly #kid = randomUUID();

  private constructor(
    private readonly server: Server,
    private readonly privateKey: KeyObject,
    publicKey: KeyObject,
  ) {
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: this.#kid, alg: 'ES256', use: 'sig' }];
    server.on('request', (_request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    });
  }

  static async start(): Promise<TokenIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new TokenIssuer(server, privateKey, publicKey);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A token good for an hour (RFC 7515, compact; RFC 7518, 3.4). */
  token(claims: Record<string, unknown>): string {
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const head = encode({ alg: 'ES256', kid: this.#kid });
    const text = `${head}.${encode({ iss: this.url, aud: 'sluice-api', exp, ...claims })}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
