import { parseCheckpoint, parseNote } from '@sluice/log-verifier';
import type { RawAnswer } from '../access/service-client.js';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';

/** The log signs a checkpoint at least every second; releases stop when none came for two. */
const MOST_AGE_MS = 5_000;

const CHECK = 'log checkpoint';

/** The newest checkpoint, by when it was written; whether it is right is for `sluice verify`. */
export function checkpointDiagnosis({ status, headers, text }: RawAnswer, now: Date): Diagnosis {
  if (status === 404) return unseen('audit', CHECK, 'this audit service serves no log');
  const note = status === 200 ? parseNote(text) : undefined;
  const checkpoint = note && parseCheckpoint(note.text);
  if (checkpoint === undefined) {
    const found = status === 200 ? 'what is served is no checkpoint' : `asking for it was answered with ${status}`;
    return trouble('audit', CHECK, found, 'Look into audit’s log, then run sluice verify log over its folder.');
  }
  const writtenAt = Date.parse(headers.get('last-modified') ?? '');
  if (Number.isNaN(writtenAt)) return unseen('audit', CHECK, `${checkpoint.size} leaves; it does not say since when`);
  const ageMs = Math.max(0, now.getTime() - writtenAt);
  const found = `${checkpoint.size} leaves, ${(ageMs / 1_000).toFixed(1)} s old`;
  if (ageMs <= MOST_AGE_MS) return well('audit', CHECK, found);
  return trouble(
    'audit',
    CHECK,
    found,
    'The log does not get on, and releases stop. Has its disk room? Audit’s log says why.',
  );
}
