import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName, type StaffRole } from '@sluice/contracts';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';

/** Whom the local stack's issuer knows in the roles that commands act in. */
const PERSONA_OF = { operator: 'otto', auditor: 'ada', supervisor: 'sol' } as const satisfies Partial<
  Record<StaffRole, string>
>;

/** A role that a command acts in. */
export type ActingRole = keyof typeof PERSONA_OF;

const ISSUER_TIMEOUT_MS = 5_000;

interface IssuerFile {
  issuer: string;
  port: number;
  secret: string;
}

/** The services and the issuer of a stack on this machine, as its data folder tells them. */
export class LocalStackAccess {
  readonly #issuer: IssuerFile;

  /** @throws {Failure} when the folder is not that of a stack */
  constructor(readonly dataDir: string) {
    this.#issuer = readIssuerFile(dataDir);
  }

  urlOf(service: ServiceName): string {
    return `http://127.0.0.1:${this.#issuer.port + 1 + SERVICES.indexOf(service)}`;
  }

  /** @throws {Failure} when the issuer does not answer or refuses */
  async tokenFor(role: ActingRole): Promise<string> {
    const { issuer, secret } = this.#issuer;
    let response: Response;
    try {
      response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ persona: PERSONA_OF[role] }),
        signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
      });
    } catch (cause) {
      const advice = `start the stack with "npm start -- --data-dir ${this.dataDir}"`;
      throw new Failure(EXIT.error, `the issuer of tokens at ${issuer} does not answer: ${advice}`, { cause });
    }
    if (!response.ok) throw new Failure(EXIT.error, `the issuer of tokens at ${issuer} answered ${response.status}`);
    return ((await response.json()) as { access_token: string }).access_token;
  }
}

function readIssuerFile(dataDir: string): IssuerFile {
  const file = join(dataDir, 'secrets', 'issuer.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as IssuerFile;
  } catch (cause) {
    throw new Failure(EXIT.notFound, `${dataDir} is not the data folder of a local stack: ${file} cannot be read`, {
      cause,
    });
  }
}
