import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const AUDIENCE = 'sluice-api';
const LIFE_S = 3_600;

/** Issues ES256 tokens and serves the key they are checked with over HTTP. */
export class TestIssuer {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #kid = randomUUID();
  readonly #server: Server;

  private constructor() {
    const jwk = { ...this.#keys.publicKey.export({ format: 'jwk' }), kid: this.#kid, alg: 'ES256', use: 'sig' };
    const jwks = JSON.stringify({ keys: [jwk] });
    this.#server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(jwks);
    });
  }

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    await new Promise<void>((resolve) => issuer.#server.listen(0, '127.0.0.1', resolve));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A person's token; their subject id is the token's subject. */
  person(subject: string): string {
    return this.#token({ kind: 'person', sub: subject });
  }

  agency(agency: string): string {
    return this.#token({ kind: 'agency', sub: agency, agency });
  }

  staff(...roles: string[]): string {
    return this.#token({ kind: 'staff', sub: randomUUID(), roles });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #token(claims: object): string {
    const expires = Math.floor(Date.now() / 1_000) + LIFE_S;
    const head = encoded({ alg: 'ES256', kid: this.#kid });
    const text = `${head}.${encoded({ ...claims, iss: this.url, aud: AUDIENCE, exp: expires })}`;
    const signature = sign('sha256', Buffer.from(text), {
      key: this.#keys.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${text}.${signature.toString('base64url')}`;
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
