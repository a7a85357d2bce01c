import type { listAlarms, ReplyOf } from '@sluice/contracts';
import { MOST_LISTED, type ParkedChange } from '../parked/parked-changes.js';
import { type Diagnosis, trouble, well } from './diagnosis.js';

type Alarm = ReplyOf<typeof listAlarms>['alarms'][number];

/** Parked changes, counted by reason. */
export function parkedDiagnosis(parked: readonly ParkedChange[]): Diagnosis {
  if (parked.length === 0) return well('delivery', 'parked changes', 'none');
  const persons = new Set(parked.map(({ subject }) => subject)).size;
  const count = parked.length >= MOST_LISTED ? `${MOST_LISTED} or more` : parked.length;
  return trouble(
    'delivery',
    'parked changes',
    `${count} of ${persons} persons: ${counted(parked.map(({ reason }) => reason))}`,
    'sluice parked list; mend the cause, then sluice parked retry SUBJECT shows what it would do.',
  );
}

/** Alarms stay for ever; those from before `since` are known by now. */
export function alarmsDiagnosis(alarms: readonly Alarm[], since: Date): Diagnosis {
  const fresh = alarms.filter(({ at }) => new Date(at) >= since);
  const older = alarms.length - fresh.length;
  if (fresh.length === 0)
    return well('audit', 'alarms', older === 0 ? 'none' : `none new; ${older} from before ${since.toISOString()}`);
  const latest = fresh.reduce((one, other) => (one.at >= other.at ? one : other));
  return trouble(
    'audit',
    'alarms',
    `${counted(fresh.map(({ kind }) => kind))}; latest at ${latest.where}: expected ${latest.expected}, found ${latest.found}`,
    'A ledger or a lane has a gap or a fork, or a witness signed another log. Keep the topics and the database as they are, and call those who answer for the log.',
  );
}

/** `seal-broken 3, behind 12`, the most frequent first. */
function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ');
}
