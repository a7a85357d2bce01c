import {
  consentEvents,
  GRANT_OFFERED,
  GRANT_REQUESTED,
  type GrantView,
  TOPICS,
  type VettingEventType,
  vettingEvents,
} from '@sluice/contracts';
import {
  foldedModel,
  type LoggedEvent,
  LogSource,
  type ReadModel,
  SourceUnreadable,
  sameJson,
  streamStates,
} from '@sluice/event-store';
import { type KafkaConnection, type PulledRecord, TopicSource } from '@sluice/messaging';
import { evolve } from '../domain/evolve.js';
import { followVetting, type KnownAccreditation, type VettingEvent } from '../domain/follow-vetting.js';
import { type Grant, type GrantEvent, viewOf } from '../domain/grant.js';
import { evolvePerson, NO_GRANTS, type PersonGrants } from '../domain/person-grants.js';

const isOurs = (type: string): boolean => Object.hasOwn(consentEvents, type);

/** What of a grant its view does not tell. */
type GrantFold = Pick<Grant, 'changedIn' | 'unfenced' | 'widening'>;

/**
 * The grants as lists and single readings show them. The order of lists (`seq`) is no event's, so it is left as it is; a
 * row that had been lost comes back as the newest.
 */
const grants: ReadModel = foldedModel<GrantEvent, Grant>({
  name: 'grant_record',
  source: 'consent’s own log',
  key: 'grant_id',
  extent: LogSource.extent('consent'),
  open: (pool, schema) =>
    new LogSource({ pool, schema, wants: isOurs, decode: grantEvent, streamOf: ({ subject }) => subject as string }),
  keyOf: ({ data }) => data.grant,
  begins: ({ type }) => type === GRANT_REQUESTED || type === GRANT_OFFERED,
  evolve,
  rowOf: (grant) => ({
    subject: grant.subject,
    agency: grant.terms.agency,
    state: grant.state,
    valid_until: grant.terms.validUntil,
    view: viewOf(grant),
  }),
  foldOf: ({ changedIn, unfenced, widening }): GrantFold => ({
    changedIn,
    unfenced,
    ...(widening !== undefined && { widening }),
  }),
  stateOf: ({ view }, fold) => {
    const { grant, version, state, subject, terms } = view as GrantView;
    return { grant, version, state, subject, terms, ...(fold as GrantFold) };
  },
});

/**
 * What vetting allows each agency. How far the snapshots of a restored agency were asked for (`snapshots_after`) is the
 * sweeper's own note, and left as it is.
 */
function accreditations(connection: KafkaConnection): ReadModel {
  const { name: topic } = TOPICS.vetting;
  return foldedModel<VettingEvent, KnownAccreditation>({
    name: 'accreditation',
    source: topic,
    key: 'agency',
    extent: () => TopicSource.extent(connection, topic),
    open: () =>
      new TopicSource({
        connection: { ...connection, clientId: `${connection.clientId}-rebuild` },
        topic,
        partition: 0,
        decode: vettingEvent,
        hold: 'lock table consent.accreditation in share row exclusive mode',
        missing: (message) => new SourceUnreadable(message),
      }),
    keyOf: ({ data }) => data.agency,
    evolve: followVetting,
    rowOf: ({ version, state, scope }) => ({ agency_version: version, state, scope }),
    stateOf: ({ agency_version, state, scope }, _, agency) =>
      ({ agency, version: agency_version, state, scope }) as KnownAccreditation,
  });
}

/** The streams of persons hold their grants; records of access have a stream each, whose state is empty. */
const states = streamStates<PersonGrants | null>({
  schema: 'consent',
  evolve: (before, event) => (isOurs(event.type) ? evolvePerson(before ?? NO_GRANTS, grantEvent(event)) : null),
  encode: (state) => (state === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(state))),
  decode: (bytes) => (bytes.length === 0 ? null : (JSON.parse(bytes.toString()) as PersonGrants)),
  same: sameJson,
});

export function readModels(connection: KafkaConnection): readonly ReadModel[] {
  return [grants, accreditations(connection), states];
}

/** What stands in our own log was checked when it was written. */
function grantEvent({ type, payload }: LoggedEvent): GrantEvent {
  return { type, data: JSON.parse(payload.toString()) } as GrantEvent;
}

/** The live path parks what is not as contracted, so it changes nothing here either. */
function vettingEvent(record: PulledRecord): VettingEvent | undefined {
  const type = TopicSource.typeOf(record);
  if (!Object.hasOwn(vettingEvents, type)) return undefined;
  try {
    const data: unknown = JSON.parse(record.value.toString());
    const read = vettingEvents[type as VettingEventType].safeParse(data);
    return read.success ? ({ type, data: read.data } as VettingEvent) : undefined;
  } catch {
    return undefined;
  }
}
