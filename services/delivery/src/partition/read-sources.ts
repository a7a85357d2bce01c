import {
  AGENCY_RESTORED,
  AGENCY_REVOKED,
  AGENCY_SUSPENDED,
  type ConsentEventData,
  type ConsentEventType,
  decodeSealedChange,
  GRANT_NARROWED,
  GRANT_PAUSED,
  GRANT_STOPPED,
  type LedgerSource,
  NIL_UUID,
  type SealedChange,
  SOURCE_KIND,
  SOURCE_TOPIC,
  type SourceKind,
  type VettingEventData,
  type VettingEventType,
} from '@sluice/contracts';
import type { PulledRecord } from '@sluice/messaging';
import type { RenderSource } from '../domain/render.js';
import type { SourceHeaders } from './source-record.js';

/** A source event in the two forms it is needed in: as the ledger records it and as deliveries are made of it. */
export interface Source {
  ledger: LedgerSource;
  render: RenderSource;
}

export interface RegistrySource extends Source {
  change: SealedChange;
}

export function isRegistrySource(source: Source | RegistrySource): source is RegistrySource {
  return 'change' in source;
}

export type ConsentEvent = { type: ConsentEventType; data: ConsentEventData<ConsentEventType> };
export type VettingEvent = { type: VettingEventType; data: VettingEventData<VettingEventType> };

const GRANT_NOTICES: Partial<Record<ConsentEventType, SourceKind>> = {
  [GRANT_STOPPED]: SOURCE_KIND.grantStopped,
  [GRANT_PAUSED]: SOURCE_KIND.grantPaused,
  [GRANT_NARROWED]: SOURCE_KIND.grantNarrowed,
};

const AGENCY_NOTICES: Partial<Record<VettingEventType, SourceKind>> = {
  [AGENCY_SUSPENDED]: SOURCE_KIND.agencySuspended,
  [AGENCY_REVOKED]: SOURCE_KIND.agencyRevoked,
  [AGENCY_RESTORED]: SOURCE_KIND.agencyRestored,
};

/** @throws RangeError when the payload is not a sealed change */
export function registrySource(record: PulledRecord, headers: SourceHeaders): RegistrySource {
  const change = decodeSealedChange(record.value);
  return {
    change,
    ledger: {
      topic: SOURCE_TOPIC.registry,
      kind: change.kind,
      offset: record.offset,
      eventId: headers.id,
      subject: subjectOf(record),
      version: change.version,
      attributes: change.attributes,
      time: headers.timeMs,
      actor: change.actor,
    },
    render: { kind: change.kind, time: headers.time },
  };
}

/** The event, and its source form where it causes a notice. Only consent can write its topic: the broker sees to it. */
export function consentSource(
  record: PulledRecord,
  headers: SourceHeaders,
): { event: ConsentEvent; notice: Source | null } {
  const event = { type: headers.type, data: JSON.parse(record.value.toString()) } as ConsentEvent;
  const kind = GRANT_NOTICES[event.type];
  if (kind === undefined) return { event, notice: null };
  const { data } = event;
  const stopped = event.type === GRANT_STOPPED ? (data as ConsentEventData<typeof GRANT_STOPPED>) : null;
  return {
    event,
    notice: {
      ledger: {
        ...noticeLedger(record, headers, kind),
        topic: SOURCE_TOPIC.consent,
        subject: data.subject,
        version: data.grantVersion,
      },
      render: {
        kind,
        time: headers.time,
        ...(stopped && { stop: stopped.stop, ...(stopped.deleteBy && { deleteBy: stopped.deleteBy }) }),
      },
    },
  };
}

/** The event, and its source form where it causes a notice. */
export function vettingSource(
  record: PulledRecord,
  headers: SourceHeaders,
): { event: VettingEvent; notice: Source | null } {
  const event = { type: headers.type, data: JSON.parse(record.value.toString()) } as VettingEvent;
  const kind = AGENCY_NOTICES[event.type];
  if (kind === undefined) return { event, notice: null };
  return {
    event,
    notice: {
      ledger: {
        ...noticeLedger(record, headers, kind),
        topic: SOURCE_TOPIC.vetting,
        subject: NIL_UUID,
        version: event.data.agencyVersion,
      },
      render: { kind, time: headers.time },
    },
  };
}

function noticeLedger(record: PulledRecord, headers: SourceHeaders, kind: SourceKind) {
  return {
    kind,
    offset: record.offset,
    eventId: headers.id,
    attributes: 0,
    time: headers.timeMs,
    actor: headers.actor,
  };
}

/** The key of a record on registry.events is the subject. */
export function subjectOf(record: PulledRecord): string {
  if (record.key === null) throw new RangeError('a record of registry.events has no key');
  return record.key.toString('latin1');
}
