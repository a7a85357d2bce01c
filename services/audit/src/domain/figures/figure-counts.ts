import {
  type ConsentEventData,
  GRANT_FENCED,
  GRANT_STOPPED,
  OUTCOMES,
  PURPOSE_CODES,
  PURPOSES,
  SOURCE_KIND,
} from '@sluice/contracts';
import { DECISION_AT, type LedgerView, SOURCE_AT } from '../ledger-view.js';

export const MEASURES = ['released', 'refused', 'withdrawn'] as const;
export type Measure = (typeof MEASURES)[number];

/** One count of a month, by agency and purpose. */
export interface FigureCount {
  /** First day, `2026-11-01`. */
  month: string;
  agency: string;
  purpose: string;
  measure: Measure;
  count: number;
}

/** A stop or its fence: by grant, and the grant's version that stopped it. */
export interface WithdrawalMoment {
  grant: string;
  version: number;
  /** Ms since 1970. */
  at: number;
}

const RELEASED = 0;
const REFUSED = 1;
const SLOTS = 32;
const PURPOSE_BY_NUMBER = new Map(PURPOSE_CODES.map((code) => [PURPOSES[code].number as number, code]));
const AWAITING_SNAPSHOT = OUTCOMES.indexOf('awaiting-snapshot');

/** What a pull adds to the public figures. Of a decision it costs a few nanoseconds: numbers are added up, and named in the end. */
export class FigureCounts {
  readonly #counts = new Map<string, FigureCount>();
  readonly stopped: WithdrawalMoment[] = [];
  readonly fenced: WithdrawalMoment[] = [];

  get counts(): FigureCount[] {
    return [...this.#counts.values()];
  }

  /** Decisions about values: a notice releases none, what waits for its snapshot is counted with that, and a replay was counted before. */
  addBatch(batch: LedgerView): void {
    const { bytes, strings } = batch;
    const slots = new Uint32Array(strings.length * SLOTS * 2);
    for (let i = 0; i < batch.decisions; i++) {
      const at = batch.decisionAt(i);
      const source = bytes.readUInt32BE(at + DECISION_AT.source);
      const sourceAt = batch.sourceAt(source);
      const outcome = bytes[at + DECISION_AT.outcome]!;
      if (bytes[sourceAt + SOURCE_AT.kind]! > SOURCE_KIND.snapshot || outcome === AWAITING_SNAPSHOT) continue;
      if (batch.replayOf(source) !== undefined) continue;
      const purpose = bytes[at + DECISION_AT.purpose]! % SLOTS;
      const slot = (bytes.readUInt16BE(at + DECISION_AT.agency) * SLOTS + purpose) * 2;
      slots[slot + (outcome === 0 ? RELEASED : REFUSED)]! += 1;
    }
    const month = monthOf(batch.decidedAt);
    for (let slot = 0; slot < slots.length; slot++) {
      const count = slots[slot]!;
      if (count === 0) continue;
      const purpose = PURPOSE_BY_NUMBER.get((slot >> 1) % SLOTS);
      if (purpose === undefined) continue;
      const agency = strings[Math.floor(slot / (2 * SLOTS))]!.toString();
      this.#add({ month, agency, purpose, measure: slot % 2 === RELEASED ? 'released' : 'refused', count });
    }
  }

  /** An event of consent whose payload was found to follow its contract. */
  addGrantEvent(type: string, payload: Buffer, at: number): void {
    if (type === GRANT_STOPPED) {
      const data = JSON.parse(payload.toString()) as ConsentEventData<typeof GRANT_STOPPED>;
      if (data.stop !== 'withdrawn') return;
      const { agency, purpose } = data.terms;
      this.#add({ month: monthOf(at), agency, purpose, measure: 'withdrawn', count: 1 });
      this.stopped.push({ grant: data.grant, version: data.grantVersion, at });
    } else if (type === GRANT_FENCED) {
      const { grant, fencedVersion } = JSON.parse(payload.toString()) as ConsentEventData<typeof GRANT_FENCED>;
      this.fenced.push({ grant, version: fencedVersion, at });
    }
  }

  #add(figure: FigureCount): void {
    const key = `${figure.month} ${figure.agency} ${figure.purpose} ${figure.measure}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, figure);
    else known.count += figure.count;
  }
}

/** The first day of the month in UTC. */
export function monthOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 7)}-01`;
}
