import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type AttributeValues,
  attributesIn,
  CHANGE_KIND,
  type ChangeContent,
  decodeSealedChange,
  type SealedChange,
  sealedChangeAad,
} from '@sluice/contracts';
import { EventStore, type StoredEvent } from '@sluice/event-store';
import { open, SubjectKeys } from '@sluice/vault';
import { type PastEvent, type PastProfile, profileAfter } from '../domain/profile-as-of.js';
import type { SubjectEvent } from '../domain/subject.js';

/** Looks back into the streams of persons. */
@Injectable()
export class PastSubjects {
  constructor(
    private readonly events: EventStore,
    private readonly keys: SubjectKeys,
  ) {}

  /**
   * The profile at a time, by the recorded times of the events: a value counts from when its event was recorded.
   * Undefined of somebody who was not registered by then, or whose data key was destroyed since.
   * @param withValues without, the clear heads of the events are read and nothing is opened
   * @throws SealBroken where a stored event does not open under its subject's key
   */
  async profile(subject: string, at: Date, withValues: boolean): Promise<PastProfile | undefined> {
    const [stored] = await Promise.all([this.events.readStreamAsOf(subject, at), this.keys.preload([subject], false)]);
    const key = this.keys.get(subject);
    if (key === undefined) return undefined;
    return profileAfter(stored.map((event) => pastEvent(event, withValues ? key : undefined)));
  }
}

function pastEvent({ eventId: id, stream, payload, recordedAt }: StoredEvent, key: KeyObject | undefined): PastEvent {
  const change = decodeSealedChange(payload);
  const { assurance, actor: assertedBy, answers } = change;
  const { attributes: values, evidence } = key === undefined ? withoutValues(change) : opened(change, stream, key);
  if (answers !== undefined) return { id, event: { kind: 'snapshot', values, assurance, answers } };
  const kind: SubjectEvent['kind'] = change.kind === CHANGE_KIND.registered ? 'registered' : 'changed';
  const provenance = { assertedBy, assertedAt: recordedAt.getTime(), assurance };
  return { id, event: { kind, values, provenance: { ...provenance, ...(evidence !== undefined && { evidence }) } } };
}

function opened({ kind, attributes, version, sealed }: SealedChange, subject: string, key: KeyObject): ChangeContent {
  const plain = open(key, sealedChangeAad(subject, kind, attributes, version), sealed);
  return JSON.parse(plain.toString('utf8')) as ChangeContent;
}

function withoutValues({ attributes }: SealedChange): ChangeContent {
  const values: AttributeValues = Object.fromEntries(attributesIn(attributes).map((code) => [code, undefined]));
  return { attributes: values };
}
