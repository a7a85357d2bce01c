import type { KeyObject } from 'node:crypto';
import {
  ATTRIBUTES_CHANGED,
  type AttributeCode,
  attributeSet,
  CHANGE_KIND,
  type ChangeKind,
  encodeSealedHead,
  SEALED_CONTENT,
  SNAPSHOT_TAKEN,
  SUBJECT_REGISTERED,
  sealedChangeAad,
} from '@sluice/contracts';
import type { CurrentState, NewEvent } from '@sluice/event-store';
import { open, SEAL_BYTES, seal, sealInto } from '@sluice/vault';
import { Profile } from '../domain/profile.js';
import { evolve, type SubjectEvent } from '../domain/subject.js';
import { storedEvent } from './stored-event.js';

const EVENT_TYPES = { registered: SUBJECT_REGISTERED, changed: ATTRIBUTES_CHANGED, snapshot: SNAPSHOT_TAKEN } as const;

/** Snapshots are the registry's own doing. */
export const REGISTRY_ACTOR = 'service:registry';

/** Binds a profile to its subject and the stream's version: an older one, or another person's, in its place does not open. */
function stateAad(subject: string, version: number): string {
  return `${subject}|state|${version}`;
}

/** @throws SealBroken where the stored bytes are not this subject's profile of this version, or an event behind it is not theirs */
export function openProfile(key: KeyObject, subject: string, { version, state, since = [] }: CurrentState): Profile {
  const plain = open(key, stateAad(subject, version - since.length), state ?? Buffer.alloc(0));
  return since.reduce(
    (before, { payload, recordedAt }) => evolve(before, storedEvent(subject, payload, recordedAt, key)),
    Profile.parse(plain.toString('utf8')),
  );
}

/** `streamVersion`: the stream's version once the state is stored. */
export function sealState(key: KeyObject, subject: string, profile: Profile, streamVersion: number): Buffer {
  return seal(key, stateAad(subject, streamVersion), Buffer.from(profile.json));
}

/** The stored form of an event that brings the subject's stream to `version`: a clear head without values, and the sealed rest. */
export function sealEvent(key: KeyObject, subject: string, event: SubjectEvent, version: number): NewEvent {
  const kind: ChangeKind = CHANGE_KIND[event.kind];
  const attributes = attributeSet(Object.keys(event.values) as AttributeCode[]);
  const actor = event.kind === 'snapshot' ? REGISTRY_ACTOR : event.provenance.assertedBy;
  const plain = Buffer.from(contentText(event));
  const sealedBytes = plain.length + SEAL_BYTES;
  const payload = encodeSealedHead(
    {
      kind,
      assurance: event.kind === 'snapshot' ? event.assurance : event.provenance.assurance,
      actor,
      attributes,
      version,
      ...(event.kind === 'snapshot' && { answers: event.answers }),
    },
    sealedBytes,
  );
  const aad = sealedChangeAad(subject, kind, attributes, version);
  sealInto(payload, payload.length - sealedBytes, key, aad, plain);
  return { type: EVENT_TYPES[event.kind], contentType: SEALED_CONTENT, payload };
}

/** A `ChangeContent` as JSON, of the values' own. */
function contentText(event: SubjectEvent): string {
  let members = '';
  for (const code in event.values) {
    members += `${members === '' ? '' : ','}"${code}":${event.values[code as AttributeCode]}`;
  }
  const evidence = event.kind === 'snapshot' ? undefined : event.provenance.evidence;
  return `{"attributes":{${members}}${evidence === undefined ? '' : `,"evidence":${JSON.stringify(evidence)}`}}`;
}
