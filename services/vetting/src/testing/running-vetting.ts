import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgencyView, applyAsAgency, approveAgency, type EndpointContract, type ReplyOf } from '@sluice/contracts';
import type { KafkaConnection } from '@sluice/messaging';
import { createService, type RunningService } from '@sluice/platform';
import { vettingService } from '../vetting.service.js';
import { DETAILS, PUBLIC_KEY, SCOPE } from './agencies.js';
import { TokenIssuer } from './token-issuer.js';

/** Problems that any endpoint may answer, beside those of its contract. */
const COMMON: readonly string[] = [
  'token-missing',
  'not-allowed',
  'validation-failed',
  'idempotency-key-required',
  'cannot-record',
];

type Claims = Record<string, unknown>;

const staff = (name: string, role: string): Claims => ({ sub: name, kind: 'staff', roles: [role] });
export const RUI = staff('rui', 'reviewer');
export const VERA = staff('vera', 'reviewer');
export const SOL = staff('sol', 'supervisor');
export const OTTO = staff('otto', 'operator');
export const ADA = staff('ada', 'auditor');
export const agencyClaims = (agency: string): Claims => ({ sub: agency, kind: 'agency', agency });

export interface Call {
  as?: Claims;
  agency?: string;
  rebuild?: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Idempotency-Key; a fresh one unless told otherwise. */
  key?: string;
  /** `Prefer: wait`, in seconds. */
  wait?: number;
  /** Which instance; the first unless told otherwise. */
  at?: RunningService;
}

export interface Answered<C> {
  status: number;
  /** Empty unless the answer is a problem. */
  problem: string;
  body: ReplyOf<C>;
  headers: Headers;
}

/** The whole service in this process. */
export class RunningVetting {
  readonly instances: RunningService[] = [];
  readonly #groups = `vetting.test-${randomBytes(5).toString('hex')}.`;

  private constructor(
    private readonly issuer: TokenIssuer,
    private readonly keyDir: string,
    private readonly kafka: KafkaConnection,
    private readonly databaseUrl: string,
  ) {}

  static async start(kafka: KafkaConnection, databaseUrl: string): Promise<RunningVetting> {
    const keyDir = await mkdtemp(join(tmpdir(), 'vetting-keys-'));
    const vetting = new RunningVetting(await TokenIssuer.start(), keyDir, kafka, databaseUrl);
    await vetting.startInstance();
    return vetting;
  }

  async startInstance(): Promise<RunningService> {
    const instance = `vetting-test-${this.instances.length}`;
    const config = {
      port: 0,
      host: '127.0.0.1',
      databaseUrl: this.databaseUrl,
      kafka: { ...this.kafka, clientId: instance },
      issuer: this.issuer.url,
      jwksUrl: `${this.issuer.url}/jwks`,
      audience: 'sluice-api',
      keyDir: this.keyDir,
      logLevel: 'fatal',
      instance,
    } as const;
    const service = await createService(vettingService(config, this.#groups));
    this.instances.push(service);
    return service;
  }

  async close(): Promise<void> {
    for (const instance of this.instances) await instance.close();
    await this.issuer.stop();
    await rm(this.keyDir, { recursive: true });
  }

  /** Calls an endpoint by its contract, and holds the answer against it. */
  async call<C extends EndpointContract>(contract: C, call: Call = {}): Promise<Answered<C>> {
    const { as, agency = '', rebuild = '', query, body, key = randomUUID(), wait, at = this.instances[0]! } = call;
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const response = await fetch(
      at.url + contract.path.replace(':agency', agency).replace(':rebuild', rebuild) + search,
      {
        method: contract.method,
        headers: {
          ...(as !== undefined && { authorization: `Bearer ${this.issuer.token(as)}` }),
          ...(contract.idempotent && { 'idempotency-key': key }),
          ...(wait !== undefined && { prefer: `wait=${wait}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    );
    const { status, headers } = response;
    const answer = (await response.json()) as ReplyOf<C> & { code?: string };
    const problem = status < 300 ? '' : answer.code!;
    if (problem === '') {
      contract.reply.parse(answer);
      if (![contract.status, ...(contract.otherStatuses ?? [])].includes(status as 200)) throw new Error(`${status}`);
    } else if (!COMMON.includes(problem) && !(contract.problems as readonly string[]).includes(problem)) {
      throw new Error(`${contract.id} answered ${problem}, which its contract does not name`);
    }
    return { status, problem, body: answer, headers };
  }

  /** A fresh agency that has applied. */
  async applied(agency = `bank-${randomBytes(5).toString('hex')}`): Promise<AgencyView> {
    const body = { agency, details: DETAILS, scope: SCOPE, publicKey: PUBLIC_KEY };
    return (await this.call(applyAsAgency, { as: agencyClaims(agency), body })).body;
  }

  /** A fresh agency that two reviewers have accredited. */
  async accredited(): Promise<AgencyView> {
    const { agency } = await this.applied();
    await this.call(approveAgency, { as: RUI, agency, body: {} });
    return (await this.call(approveAgency, { as: VERA, agency, body: {} })).body;
  }
}
