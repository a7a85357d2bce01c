import type { KeyObject } from 'node:crypto';
import {
  attributesIn,
  CHANGE_KIND,
  type ChangeContent,
  decodeSealedChange,
  type SealedChange,
  sealedChangeAad,
} from '@sluice/contracts';
import { open } from '@sluice/vault';
import { textsOf, type ValueTexts } from '../domain/profile.js';
import type { SubjectEvent } from '../domain/subject.js';

/**
 * The event of a subject as it was decided, from its stored form. The time of an assertion is that of the recording, in
 * ms since 1970: the event does not hold it. Without a key, the clear head alone is read, and values have no content.
 * @throws SealBroken where it does not open under the subject's key
 */
export function storedEvent(
  subject: string,
  payload: Buffer,
  recordedAt: number,
  key: KeyObject | undefined,
): SubjectEvent {
  const change = decodeSealedChange(payload);
  const { assurance, actor: assertedBy, answers } = change;
  const { attributes, evidence }: Partial<ChangeContent> = key === undefined ? {} : opened(change, subject, key);
  const values = attributes === undefined ? withoutContent(change) : textsOf(attributes);
  if (answers !== undefined) return { kind: 'snapshot', values, assurance, answers };
  const kind: SubjectEvent['kind'] = change.kind === CHANGE_KIND.registered ? 'registered' : 'changed';
  const provenance = { assertedBy, assertedAt: recordedAt, assurance };
  return { kind, values, provenance: { ...provenance, ...(evidence !== undefined && { evidence }) } };
}

function opened({ kind, attributes, version, sealed }: SealedChange, subject: string, key: KeyObject): ChangeContent {
  const plain = open(key, sealedChangeAad(subject, kind, attributes, version), sealed);
  return JSON.parse(plain.toString('utf8')) as ChangeContent;
}

function withoutContent({ attributes }: SealedChange): ValueTexts {
  return Object.fromEntries(attributesIn(attributes).map((code) => [code, undefined]));
}
