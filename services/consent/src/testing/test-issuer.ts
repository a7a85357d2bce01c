import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Issues tokens and serves the key they are checked with over HTTP. */
export class TestIssuer {
  private constructor(
    private readonly server: Server,
    private readonly key: CryptoKey,
    private readonly kid: string,
  ) {}

  static async start(): Promise<TestIssuer> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const kid = randomUUID();
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] });
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json').end(jwks);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestIssuer(server, privateKey, kid);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  person(subject: string): Promise<string> {
    return this.#token({ kind: 'person', sub: subject });
  }

  agency(agency: string): Promise<string> {
    return this.#token({ kind: 'agency', sub: agency, agency });
  }

  staff(role: string, id: string = randomUUID()): Promise<string> {
    return this.#token({ kind: 'staff', sub: id, roles: [role] });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #token(claims: Record<string, unknown>): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: this.kid })
      .setIssuer(this.url)
      .setAudience('sluice-api')
      .setExpirationTime('1h')
      .sign(this.key);
  }
}
