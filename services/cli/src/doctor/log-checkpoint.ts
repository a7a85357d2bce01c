import { parseCheckpoint, parseNote } from '@sluice/log-verifier';
import type { RawAnswer } from '../access/service-client.js';
import type { ServiceObservation } from '../observe/observe-service.js';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';

const CHECK = 'log checkpoint';
const ANNOUNCED = 'sluice_log_checkpoints_total';
/** What a service says of an address that it does not serve; a log that has no checkpoint yet says it in plain text. */
const PROBLEM = 'application/problem+json';

/**
 * Whether the log has a checkpoint, and whether new ones are announced: audit does so at least every second, whether
 * there are new leaves or not, and releases stop where it does not. Whether they are right is for `sluice verify`.
 * @param before, after audit as it was seen twice, more than two seconds apart
 */
export function checkpointDiagnosis(
  answer: RawAnswer,
  before: ServiceObservation,
  after: ServiceObservation,
): Diagnosis {
  const { status, headers, text } = answer;
  if (status === 404 && headers.get('content-type')?.startsWith(PROBLEM)) {
    return unseen('audit', CHECK, 'this audit service serves no log');
  }
  const checkpoint = status === 200 ? parseCheckpoint(parseNote(text)?.text ?? '') : undefined;
  if (checkpoint === undefined) {
    const found = status === 200 ? 'what is served is no checkpoint' : `asking for it was answered with ${status}`;
    return trouble('audit', CHECK, found, 'Look into audit’s log, then run sluice verify log over its folder.');
  }
  const size = `${checkpoint.size} leaves`;
  if (after.checks.log?.detail.startsWith('stands by'))
    return well('audit', CHECK, `${size}; another instance announces`);
  const announced = announcedBy(after) - announcedBy(before);
  if (announced > 0) return well('audit', CHECK, `${size}; announced ${announced} times between two looks`);
  const advice = 'Releases stop after two seconds. Is Kafka up, has the log’s disk room? Audit’s log says why.';
  return trouble('audit', CHECK, `${size}; none was announced between two looks`, advice);
}

function announcedBy({ samples }: ServiceObservation): number {
  return samples.find(({ name }) => name === ANNOUNCED)?.value ?? 0;
}
