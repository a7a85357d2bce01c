import {
  AGENCY_FENCE_APPLIED,
  type AgencyFenceApplied,
  agencyStream,
  GRANT_FENCE_APPLIED,
  type GrantFenceApplied,
  HEADER,
  JSON_CONTENT,
  LANES,
  type LedgerBatch,
  namedStream,
  partitionOf,
  SOURCE_KIND,
  type SourceKind,
  TOPICS,
} from '@sluice/contracts';
import type { OutgoingRecord } from '@sluice/messaging';

const GRANT_STOPS: ReadonlySet<SourceKind> = new Set([
  SOURCE_KIND.grantStopped,
  SOURCE_KIND.grantPaused,
  SOURCE_KIND.grantNarrowed,
]);
const AGENCY_STOPS: ReadonlySet<SourceKind> = new Set([SOURCE_KIND.agencySuspended, SOURCE_KIND.agencyRevoked]);

export type Fence =
  | { type: typeof GRANT_FENCE_APPLIED; key: string; data: GrantFenceApplied }
  | { type: typeof AGENCY_FENCE_APPLIED; key: string; data: AgencyFenceApplied };

/**
 * The fences a batch sets: the sequence of each stop’s notice in its lane. Derived from the ledger alone, so
 * that a dispatch after a crash publishes the same ones.
 */
export function fencesOf(batch: LedgerBatch): Fence[] {
  const fences: Fence[] = [];
  let next = 0;
  for (const block of batch.blocks) {
    for (let i = 0; i < block.count; i++, next++) {
      const decision = batch.decisions[next]!;
      const source = batch.sources[decision.source]!;
      // A notice that is sent once more stops nothing: its fence was set the first time.
      if (source.replay !== undefined) continue;
      const position = { lane: batch.partition, sequence: block.first + i };
      if (GRANT_STOPS.has(source.kind)) {
        const { grant, grantVersion, agency } = decision;
        const data = { grant, subject: source.subject, agency, grantVersion, ...position };
        fences.push({ type: GRANT_FENCE_APPLIED, key: source.subject, data });
      } else if (AGENCY_STOPS.has(source.kind)) {
        const data = { agency: decision.agency, agencyVersion: source.version, ...position };
        fences.push({ type: AGENCY_FENCE_APPLIED, key: agencyStream(decision.agency), data });
      }
    }
  }
  return fences;
}

export function fenceRecord({ type, key, data }: Fence, decidedAt: number): OutgoingRecord {
  const keyBytes = Buffer.from(key);
  // Named after the place it stands for: published again after a crash, it is the same event.
  const id = namedStream('fence', `${data.agency}/${data.lane}/${data.sequence}`);
  return {
    topic: TOPICS.fences.name,
    partition: partitionOf(keyBytes, LANES),
    key: keyBytes,
    value: Buffer.from(JSON.stringify(data)),
    headers: {
      [HEADER.contentType]: JSON_CONTENT,
      [HEADER.specVersion]: '1.0',
      [HEADER.id]: id,
      [HEADER.source]: '/delivery',
      [HEADER.type]: type,
      [HEADER.time]: new Date(decidedAt).toISOString(),
      [HEADER.partitionKey]: key,
      [HEADER.sequence]: String(data.sequence),
      [HEADER.actor]: 'service:delivery',
      [HEADER.correlationId]: id,
    },
  };
}
