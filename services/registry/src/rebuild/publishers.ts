import { HEADER, TOPICS, type VettingEventType, vettingEvents } from '@sluice/contracts';
import { foldedModel, type ReadModel, SourceUnreadable } from '@sluice/event-store';
import { headerOf, type KafkaConnection, type PulledRecord, TopicSource } from '@sluice/messaging';
import { followAccreditation, type PublisherRights, type VettingEvent } from '../domain/follow-accreditation.js';

const TIME = Buffer.from(HEADER.time);

/** What agencies may publish, from vetting's events. */
export function publishersModel(connection: KafkaConnection): ReadModel {
  const { name: topic } = TOPICS.vetting;
  return foldedModel<VettingEvent, PublisherRights>({
    name: 'publisher',
    source: topic,
    key: 'agency',
    extent: () => TopicSource.extent(connection, topic),
    open: () =>
      new TopicSource({
        connection: { ...connection, clientId: `${connection.clientId}-rebuild` },
        topic,
        partition: 0,
        decode: vettingEvent,
        hold: 'lock table registry.publisher in share row exclusive mode',
        missing: (message) => new SourceUnreadable(message),
      }),
    keyOf: ({ data }) => data.agency,
    evolve: followAccreditation,
    rowOf: ({ version, publishes, until, active }) => ({ agency_version: version, publishes, until, active }),
    stateOf: ({ agency_version, publishes, until, active }) =>
      ({ version: agency_version, publishes, until: (until as Date).toISOString(), active }) as PublisherRights,
  });
}

/** The live path parks what is not as contracted, so it changes nothing here either. */
function vettingEvent(record: PulledRecord): VettingEvent | undefined {
  const type = TopicSource.typeOf(record);
  if (!Object.hasOwn(vettingEvents, type)) return undefined;
  try {
    const data: unknown = JSON.parse(record.value.toString());
    const read = vettingEvents[type as VettingEventType].safeParse(data);
    const time = headerOf(record, TIME)?.toString() ?? '';
    return read.success ? ({ type, data: read.data, time } as VettingEvent) : undefined;
  } catch {
    return undefined;
  }
}
