import type { KeyObject } from 'node:crypto';
import {
  ATTRIBUTES_CHANGED,
  type AttributeCode,
  attributeSet,
  CHANGE_KIND,
  type ChangeContent,
  type ChangeKind,
  encodeSealedHead,
  SEALED_CONTENT,
  SNAPSHOT_TAKEN,
  SUBJECT_REGISTERED,
  sealedChangeAad,
} from '@sluice/contracts';
import type { CurrentState, NewEvent } from '@sluice/event-store';
import { open, SEAL_BYTES, seal, sealInto } from '@sluice/vault';
import type { Profile } from '../domain/profile.js';
import { evolve, type Subject, type SubjectEvent } from '../domain/subject.js';
import { storedEvent } from './stored-event.js';

const EVENT_TYPES = { registered: SUBJECT_REGISTERED, changed: ATTRIBUTES_CHANGED, snapshot: SNAPSHOT_TAKEN } as const;

/** Snapshots are the registry's own doing. */
export const REGISTRY_ACTOR = 'service:registry';

/** Binds a profile to its subject and the stream's version: an older one, or another person's, in its place does not open. */
function stateAad(subject: string, version: number): string {
  return `${subject}|state|${version}`;
}

type StoredSubject = [changes: number, profile: Profile];

/** @throws SealBroken where the stored bytes are not this subject's profile of this version, or an event behind it is not theirs */
export function openSubject(key: KeyObject, subject: string, { version, state, since = [] }: CurrentState): Subject {
  const plain = open(key, stateAad(subject, version - since.length), state ?? Buffer.alloc(0));
  const [changes, profile] = JSON.parse(plain.toString('utf8')) as StoredSubject;
  return since.reduce<Subject>(
    (before, { payload, recordedAt }) => evolve(before, storedEvent(subject, payload, recordedAt, key)),
    { version: changes, profile },
  );
}

/** `streamVersion`: the stream's version once the state is stored. */
export function sealState(
  key: KeyObject,
  subject: string,
  { version, profile }: Subject,
  streamVersion: number,
): Buffer {
  const stored: StoredSubject = [version, profile];
  return seal(key, stateAad(subject, streamVersion), Buffer.from(JSON.stringify(stored)));
}

/** The stored form of an event that brings the subject's stream to `version`: a clear head without values, and the sealed rest. */
export function sealEvent(key: KeyObject, subject: string, event: SubjectEvent, version: number): NewEvent {
  const kind: ChangeKind = CHANGE_KIND[event.kind];
  const attributes = attributeSet(Object.keys(event.values) as AttributeCode[]);
  const content: ChangeContent = { attributes: event.values };
  let actor = REGISTRY_ACTOR;
  if (event.kind !== 'snapshot') {
    actor = event.provenance.assertedBy;
    if (event.provenance.evidence !== undefined) content.evidence = event.provenance.evidence;
  }
  const plain = Buffer.from(JSON.stringify(content));
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
