import {
  type AgencyKeys,
  type FeedEvent,
  generateAgencyKeys,
  MemoryPositions,
  type ReplayedEvent,
  SluiceFeed,
} from '@sluice/agency-sdk';
import {
  type AccreditationScope,
  type AttributeCode,
  applyAsAgency,
  approveAgency,
  type PurposeCode,
} from '@sluice/contracts';
import type { ApiClient } from './api-client.js';
import type { StackAccess } from './running-stack.js';
import { until } from './until.js';

/** Real codes with right check characters, one for each kind of institution. */
export interface AgencyPlan {
  code: string;
  name: { en: string; zh: string };
  uscc: string;
  kind: 'bank' | 'credit-bureau' | 'tax';
  purpose: PurposeCode;
  attributes: AttributeCode[];
  publishes?: AttributeCode[];
}

const YEAR_MS = 365 * 24 * 3_600_000;

/** An agency that takes part: accredited by two reviewers, with its own keys and its own Kafka client. */
export class Recipient {
  /** Everything that arrived, in order of arrival. */
  readonly events: FeedEvent[] = [];
  /** What was sent once more, in order of arrival. */
  readonly replayed: ReplayedEvent[] = [];
  readonly faults: string[] = [];
  #feed: SluiceFeed | undefined;

  private constructor(
    readonly plan: AgencyPlan,
    readonly token: string,
    private readonly keys: AgencyKeys,
    private readonly stack: StackAccess,
  ) {}

  /** Applies and is accredited. */
  static async accredit(plan: AgencyPlan, stack: StackAccess, api: ApiClient): Promise<Recipient> {
    const token = await stack.tokenFor(agencyClaims(plan.code));
    const keys = await generateAgencyKeys();
    const scope: AccreditationScope = {
      receives: [{ purpose: plan.purpose, attributes: plan.attributes, modes: ['stream', 'snapshot'] }],
      publishes: plan.publishes ?? [],
      until: new Date(Date.now() + YEAR_MS).toISOString(),
    };
    const details = { name: plan.name, uscc: plan.uscc, kind: plan.kind };
    const { kty, crv, x, y } = keys.publicJwk as { kty: 'EC'; crv: 'P-256'; x: string; y: string };
    const body = { agency: plan.code, details, scope, publicKey: { kty, crv, x, y } };
    await api.call(applyAsAgency, { token, body });
    for (const reviewer of ['rui', 'vera'] as const) {
      await api.call(approveAgency, { token: await stack.tokenFor(reviewer), params: { agency: plan.code }, body: {} });
    }
    return new Recipient(plan, token, keys, stack);
  }

  /** Subscribes with a Kafka client of its own. The feed is made a moment after the accreditation. */
  async subscribe(): Promise<void> {
    const claims = agencyClaims(this.plan.code);
    await until(
      `${this.plan.code} can subscribe`,
      async () => {
        const feed = new SluiceFeed({
          brokers: this.stack.agencyBrokers,
          agency: this.plan.code,
          token: () => this.stack.tokenFor(claims, { audience: 'kafka' }),
          privateKey: this.keys.privateJwk,
          positions: new MemoryPositions(),
          onEvent: (event) => {
            this.events.push(event);
          },
          onReplay: (event) => {
            this.replayed.push(event);
          },
          onFault: (error) => {
            this.faults.push(error.message);
          },
        });
        try {
          await feed.start();
          this.#feed = feed;
          return true;
        } catch {
          await feed.stop();
          return undefined;
        }
      },
      90_000,
    );
  }

  /** Resolves when `count` events have arrived in all. */
  async received(count: number): Promise<FeedEvent[]> {
    return until(`${this.plan.code} has ${count} events`, () =>
      this.events.length >= count ? this.events.slice(0) : undefined,
    );
  }

  async close(): Promise<void> {
    await this.#feed?.stop();
  }
}

export function agencyClaims(code: string) {
  return { sub: code, kind: 'agency' as const, agency: code };
}
