import { Inject, Injectable } from '@nestjs/common';
import type { ReplayExtent, ReplayImpact } from '@sluice/contracts';
import type { Agencies } from '@sluice/decision';
import { PartitionPuller } from '@sluice/messaging';
import { SERVICE_CONFIG, type ServiceConfig } from '@sluice/platform';
import { Pool } from 'pg';
import { EntitledImpact, impactOfRange, type PastDelivery } from '../domain/replay-impact.js';
import { LedgerStore } from '../ledger/ledger-store.js';
import { readAgencies } from '../partition/read-agencies.js';
import { ReplayParts } from '../replay/replay-parts.js';

/** Deliveries that are looked up at once. */
const PORTION = 1_000;

const LAST = 'select last_sequence from delivery.lane where agency = $1 and lane = $2';
export type ImpactRefused = 'unknown-agency' | 'unknown-sequence';

/** Counts what a plan would do, under the grants and accreditations of this moment. */
@Injectable()
export class ReplayImpacts {
  readonly #parts: ReplayParts;
  readonly #ledger: LedgerStore;

  constructor(
    private readonly pool: Pool,
    @Inject(SERVICE_CONFIG) private readonly config: ServiceConfig,
  ) {
    this.#parts = new ReplayParts(pool);
    this.#ledger = new LedgerStore(pool);
  }

  async of(agency: string, extent: ReplayExtent, now: number): Promise<ReplayImpact | { refused: ImpactRefused }> {
    const agencies = await this.#agencies();
    if (!agencies.has(agency)) return { refused: 'unknown-agency' };
    if (extent.kind === 'entitled') return this.#entitled(agency, agencies, now);
    const past = await this.#past(agency, extent);
    if (past === undefined) return { refused: 'unknown-sequence' };
    const grants = await this.#ledger.grantsOf([...new Set(past.map(({ subject }) => subject))]);
    return impactOfRange(extent.lane, past, (subject) => grants.get(subject) ?? [], agencies, now);
  }

  async #entitled(agency: string, agencies: Agencies, now: number): Promise<ReplayImpact> {
    const counted = new EntitledImpact(agencies, now);
    for await (const page of this.#parts.granting(agency)) for (const { grants } of page) counted.add(grants);
    return counted.impact;
  }

  async #agencies(): Promise<Agencies> {
    const puller = new PartitionPuller({ ...this.config.kafka, clientId: `${this.config.kafka.clientId}-plans` });
    try {
      return await readAgencies(puller);
    } finally {
      await puller.close();
    }
  }

  async #past(agency: string, { lane, from, to }: Extract<ReplayExtent, { kind: 'range' }>) {
    const { rows } = await this.pool.query<{ last_sequence: string }>(LAST, [agency, lane]);
    if (to > Number(rows[0]?.last_sequence ?? 0)) return undefined;
    const past: PastDelivery[] = [];
    for (let next = from; next <= to; ) {
      const portion = await this.#parts.deliveries(agency, lane, next, to + 1, PORTION);
      for (const { decision, source } of portion) past.push({ decision, kind: source.kind, subject: source.subject });
      const last = portion.at(-1);
      if (last === undefined) return undefined;
      next = last.sequence + 1;
    }
    return past;
  }
}
