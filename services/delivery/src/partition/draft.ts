import { type LedgerDecision, SOURCE_KIND } from '@sluice/contracts';
import {
  type Agencies,
  type Agency,
  decideAgain,
  decideAgencyNotice,
  decideChange,
  decideGrantNotice,
  decideSnapshot,
  evolveAgency,
  evolveGrants,
  snapshotArrived,
} from '@sluice/decision';
import type { ReplayEntry, ReplaySlice } from '../replay/slice.js';
import type { BatchGrants } from './grant-views.js';
import type { ConsentEvent, RegistrySource, Source, VettingEvent } from './read-sources.js';

/**
 * One batch while it is being decided: stops and agreements first, then changes. Holds its own copies of
 * agencies and grants, so that it can be thrown away and made again.
 */
export class Draft {
  readonly sources: Source[] = [];
  /** Deliveries of each recipient, in lane order. */
  readonly deliveries = new Map<string, LedgerDecision[]>();
  readonly refusals: LedgerDecision[] = [];
  readonly parked: { offset: bigint; subject: string; reason: string }[] = [];
  readonly #agencies: Map<string, Agency>;

  constructor(
    agencies: Agencies,
    readonly grants: BatchGrants,
    readonly now: number,
  ) {
    this.#agencies = new Map(agencies);
  }

  get agencies(): Agencies {
    return this.#agencies;
  }

  vetting({ type, data }: VettingEvent, notice: Source | null): void {
    const agency = evolveAgency(this.#agencies.get(data.agency), type, data);
    if (agency === undefined) return;
    this.#agencies.set(agency.code, agency);
    if (notice !== null) this.#take(decideAgencyNotice(this.#add(notice), agency.code));
  }

  consent({ type, data }: ConsentEvent, notice: Source | null): void {
    const before = this.grants.get(data.subject);
    const after = evolveGrants(before, type, data);
    if (after !== before) this.grants.set(data.subject, after);
    if (notice === null) return;
    const grant = [...after, ...before].find((one) => one.grant === data.grant);
    if (grant !== undefined) this.#take(decideGrantNotice(this.#add(notice), { ...grant, version: data.grantVersion }));
  }

  /** Decides one event of registry.events. Its values are opened later, and only if somebody receives them. */
  registry(source: RegistrySource): void {
    const { change, ledger } = source;
    const index = this.#add(source);
    const grants = this.grants.get(ledger.subject);
    if (ledger.kind !== SOURCE_KIND.snapshot) {
      for (const decision of decideChange(index, change.attributes, grants, this.#agencies, this.now)) {
        this.#take(decision);
      }
      return;
    }
    const answers = change.answers!;
    for (const decision of decideSnapshot(index, change.attributes, answers, grants, this.#agencies, this.now)) {
      this.#take(decision);
      if (decision.outcome === 'delivered') {
        this.grants.set(ledger.subject, snapshotArrived(grants, answers.grant, answers.grantVersion));
      }
    }
  }

  /**
   * Decides an event once more for the recipient of a replay, under the grants as they are after everything before it in
   * this batch. Answers its index, or undefined where there is nothing to decide.
   */
  replay({ replay, agency, present }: ReplaySlice, { source, recorded }: ReplayEntry): number | undefined {
    const index = this.sources.length;
    const { kind, subject, offset } = source.ledger;
    const grants = this.grants.get(subject).filter((grant) => grant.agency === agency);
    const decisions =
      recorded === undefined
        ? decideChange(index, present!.at(subject, offset), grants, this.#agencies, this.now)
        : decideAgain(index, kind, recorded, grants, this.#agencies, this.now);
    if (decisions.length === 0) return undefined;
    this.#add({ ledger: { ...source.ledger, replay }, render: { ...source.render, replay } });
    for (const decision of decisions) this.#take(decision);
    return index;
  }

  park(offset: bigint, subject: string, reason: string): void {
    this.parked.push({ offset, subject, reason });
  }

  /** The person’s key was destroyed: what would have been released is refused. */
  erased(sources: ReadonlySet<number>): void {
    for (const [agency, decisions] of this.deliveries) {
      const left = decisions.filter((decision) => !sources.has(decision.source));
      if (left.length === decisions.length) continue;
      for (const decision of decisions) {
        if (sources.has(decision.source)) this.refusals.push({ ...decision, outcome: 'subject-erased' });
      }
      if (left.length === 0) this.deliveries.delete(agency);
      else this.deliveries.set(agency, left);
    }
  }

  #add(source: Source): number {
    return this.sources.push(source) - 1;
  }

  #take(decision: LedgerDecision): void {
    if (decision.outcome !== 'delivered') {
      this.refusals.push(decision);
      return;
    }
    const lane = this.deliveries.get(decision.agency);
    if (lane === undefined) this.deliveries.set(decision.agency, [decision]);
    else lane.push(decision);
  }
}
