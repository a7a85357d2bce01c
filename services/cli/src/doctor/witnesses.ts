import type { ServiceObservation } from '../observe/observe-service.js';
import { type Diagnosis, trouble, unseen, well } from './diagnosis.js';

const CHECK = 'witnesses';
/** Witnesses are asked once a second; a newer checkpoint than the witnessed one is usual for about as long. */
const MOST_UNWITNESSED_S = 10;

/** Whether the log's checkpoints have the cosignatures that the installation asks for. Releases do not wait for them. */
export function witnessesDiagnosis({ samples, checks, alive, failure }: ServiceObservation): Diagnosis {
  if (!alive) return unseen('audit', CHECK, failure ?? 'no answer');
  const detail = checks[CHECK]?.detail;
  if (detail === undefined) return unseen('audit', CHECK, 'this audit service tells nothing of witnesses');
  const sumOf = (name: string) =>
    samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
  if (sumOf('sluice_log_witness_conflicts_total') > 0) {
    return trouble(
      'audit',
      CHECK,
      detail,
      'A witness signed another history: the log forked, or an old copy of folder and database was put back. Stop audit, keep both, and see "A witness refuses" in docs/guides/operator.md.',
    );
  }
  if (sumOf('sluice_log_unwitnessed_seconds') <= MOST_UNWITNESSED_S) return well('audit', CHECK, detail);
  return trouble(
    'audit',
    CHECK,
    detail,
    'Releases go on, but a fork could go unseen. Ask whoever runs the witness; it catches up by itself.',
  );
}
