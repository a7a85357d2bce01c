import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface TokenOptions {
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now; negative for a token that has expired. */
  readonly expiresInS?: number;
}

/** Issues tokens and serves the keys they are checked with over real HTTP, for tests. */
export class TokenIssuer {
  /** How many times the keys were asked for. */
  asked = 0;
  /** Set to answer for the keys with an error. */
  failing = false;

  private constructor(
    private readonly server: Server,
    private keys: SigningKey[],
  ) {
    server.on('request', (_request, response) => {
      this.asked++;
      if (this.failing) response.writeHead(500).end();
      else
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ keys: this.keys.map((key) => key.publicJwk) }));
    });
  }

  static async start(): Promise<TokenIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TokenIssuer(server, [await newKey('ES256')]);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Withdraws the present key and signs with a new one. */
  async rotate(algorithm: 'ES256' | 'EdDSA' = 'ES256'): Promise<void> {
    this.keys = [await newKey(algorithm)];
  }

  token(claims: Record<string, unknown>, options: TokenOptions = {}): Promise<string> {
    const key = this.keys[0]!;
    return new SignJWT(claims)
      .setProtectedHeader({ alg: key.publicJwk.alg!, kid: key.publicJwk.kid! })
      .setIssuer(options.issuer ?? this.url)
      .setAudience(options.audience ?? 'sluice-api')
      .setExpirationTime(Math.floor(Date.now() / 1_000) + (options.expiresInS ?? 600))
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function newKey(alg: 'ES256' | 'EdDSA'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = crypto.randomUUID();
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const PERSON = { kind: 'person', sub: '0190a000-0000-7000-8000-000000000101' };
export const OTHER_PERSON = { kind: 'person', sub: '0190a000-0000-7000-8000-000000000102' };
export const AGENCY = { kind: 'agency', sub: 'harbour-bank', agency: 'harbour-bank' };
export const AUDITOR = {
  kind: 'staff',
  sub: '0190a000-0000-7000-8000-000000000205',
  roles: ['auditor', 'a-role-of-the-future'],
};
