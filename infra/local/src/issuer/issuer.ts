import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { DataDirectory } from '../data-directory.js';
import { StackFailure } from '../failure.js';
import { standaloneModule } from '../paths.js';
import { requireFreePort } from '../ports.js';
import { Component } from '../process/component.js';
import type { Guardian } from '../process/guardian.js';
import { ManagedProcess } from '../process/managed-process.js';
import { endOrphanOf } from '../process/orphan.js';
import type { Secrets } from '../secrets.js';
import { type Claims, PERSONAS, type PersonaName } from './personas.js';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 2_000;
const POLL_MS = 25;

export interface IssuerOptions {
  data: DataDirectory;
  port: number;
  guardian: Guardian;
}

export interface TokenOptions {
  /** Default `sluice-api`; `kafka` for an agency's connection to its feed. */
  audience?: string | string[];
  /** Seconds (negative: already expired) or a span such as "5 minutes". Default 12 hours. */
  expiresIn?: number | string;
}

/** The local issuer of tokens; see main.ts. */
export class Issuer extends Component {
  override readonly title = 'issuer';
  /** The `iss` of its tokens. */
  readonly url: string;
  readonly #options: IssuerOptions;
  readonly #secret: string;

  constructor(options: IssuerOptions) {
    super();
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    this.#secret = options.data.secrets.get('issuer-token');
  }

  protected override async launch(): Promise<void> {
    const { data, port, guardian } = this.#options;
    await endOrphanOf(data.runFile('issuer'), 'SIGTERM', STOP_TIMEOUT_MS);
    await requireFreePort(port, 'issuer of tokens');
    const configuration = writeIssuerConfiguration(data.secrets, { port, issuer: this.url });
    this.adopt(
      await ManagedProcess.start({
        command: process.execPath,
        args: [standaloneModule(import.meta.url, './main'), configuration],
        logFile: data.logFile('issuer'),
        runFile: data.runFile('issuer'),
        stopSignal: 'SIGTERM',
        stopTimeoutMs: STOP_TIMEOUT_MS,
        guardian,
      }),
    );
    await this.#ready();
  }

  /** A token for a persona or for any claims. */
  async tokenFor(whom: PersonaName | Claims, options: TokenOptions = {}): Promise<string> {
    const response = await fetch(`${this.url}/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...(typeof whom === 'string' ? { persona: whom } : { claims: whom }), ...options }),
    });
    if (!response.ok) throw new StackFailure('issuer-failed', `The issuer refused a token (${response.status}).`);
    return ((await response.json()) as { access_token: string }).access_token;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (
      !(await fetch(`${this.url}/jwks`)
        .then((response) => response.ok)
        .catch(() => false))
    ) {
      if (this.process.exit || Date.now() > deadline) {
        await this.stop();
        throw new StackFailure(
          'issuer-failed',
          `The issuer of tokens did not start; see ${this.#options.data.logFile('issuer')}.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Writes what main.ts reads, key and secret included, and returns the file's name. */
export function writeIssuerConfiguration(
  secrets: Secrets,
  place: { port: number; host?: string; issuer: string },
): string {
  const file = secrets.path('issuer.json');
  const configuration = {
    ...place,
    privateKey: JSON.parse(secrets.get('issuer-key', newSigningKey)),
    secret: secrets.get('issuer-token'),
    personas: PERSONAS,
  };
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  return file;
}

function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg: 'ES256' });
}
