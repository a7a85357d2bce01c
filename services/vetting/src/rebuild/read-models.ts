import { agencyStream, type VettingEventType, vettingEvents } from '@sluice/contracts';
import {
  foldedModel,
  type LoggedEvent,
  LogSource,
  type ReadModel,
  SourceUnreadable,
  sameJson,
  streamStates,
} from '@sluice/event-store';
import { type Agency, type AgencyEvent, evolve, viewOf } from '../domain/agency.js';

const isOurs = (type: string): boolean => Object.hasOwn(vettingEvents, type);

/** The read model of agencies, from vetting's own log, by the evolve that decisions use. */
const agency: ReadModel = foldedModel<AgencyEvent, Agency>({
  name: 'agency',
  source: 'vetting’s own log',
  key: 'agency',
  extent: LogSource.extent('vetting'),
  open: (pool, schema) =>
    new LogSource({ pool, schema, wants: isOurs, decode: eventOf, streamOf: (_, code) => agencyStream(code) }),
  keyOf: ({ data }) => data.agency,
  evolve,
  rowOf: (state) => ({ version: state.version, state: state.state, view: viewOf(state) }),
  foldOf: (state) => state,
  stateOf: (_, fold) => fold as Agency,
});

function eventOf({ type, payload, stream, version }: LoggedEvent): AgencyEvent {
  const read = vettingEvents[type as VettingEventType].safeParse(JSON.parse(payload.toString()));
  if (!read.success) throw new SourceUnreadable(`event ${version} of stream ${stream} is not as contracted`);
  return { type, data: read.data } as AgencyEvent;
}

/** Records of access have a stream each, whose state is empty. */
const states = streamStates<Agency | null>({
  schema: 'vetting',
  evolve: (before, event) => (isOurs(event.type) ? evolve(before ?? undefined, eventOf(event)) : null),
  encode: (state) => (state === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(state))),
  decode: (bytes) => (bytes.length === 0 ? null : (JSON.parse(bytes.toString()) as Agency)),
  same: sameJson,
});

export const READ_MODELS: readonly ReadModel[] = [agency, states];
