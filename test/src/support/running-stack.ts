import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES, type ServiceName } from '@sluice/contracts';
import { type Claims, LocalStack, type PersonaName, type TokenOptions } from '@sluice/local-stack';

/** Offsets of the stack’s ports from its base. */
const AGENCY_LISTENER = 13;

/** What a client needs of a stack, whoever started it. */
export interface StackAccess {
  urls: Record<ServiceName, string>;
  /** Brokers of the agencies’ listener. */
  agencyBrokers: string[];
  tokenFor(whom: PersonaName | Claims, options?: TokenOptions): Promise<string>;
}

/** The stack that runs on this data folder, if one does. */
export async function findRunningStack(dataDir: string): Promise<StackAccess | undefined> {
  const file = join(dataDir, 'secrets', 'issuer.json');
  if (!existsSync(file)) return undefined;
  const { issuer, port, secret } = JSON.parse(readFileSync(file, 'utf8')) as {
    issuer: string;
    port: number;
    secret: string;
  };
  const urls = Object.fromEntries(SERVICES.map((name, i) => [name, `http://127.0.0.1:${port + 1 + i}`])) as Record<
    ServiceName,
    string
  >;
  const ready = await Promise.all(
    SERVICES.map((name) =>
      fetch(`${urls[name]}/readyz`).then(
        (response) => response.ok,
        () => false,
      ),
    ),
  );
  if (!ready.every(Boolean)) return undefined;
  return {
    urls,
    agencyBrokers: [`127.0.0.1:${port + AGENCY_LISTENER}`],
    async tokenFor(whom, options = {}) {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...(typeof whom === 'string' ? { persona: whom } : { claims: whom }), ...options }),
      });
      if (!response.ok) throw new Error(`the issuer refused a token (${response.status})`);
      return ((await response.json()) as { access_token: string }).access_token;
    },
  };
}

/** A stack of one’s own, as its clients see it. */
export function accessTo(stack: LocalStack): StackAccess {
  return {
    urls: stack.urls,
    agencyBrokers: stack.kafka.agency,
    tokenFor: (whom, options) => stack.tokenFor(whom, options),
  };
}
