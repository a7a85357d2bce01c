import type { HistoryEntry, HistoryNotice, HistorySubscription } from '@sluice/contracts';
import { agencyConcerned, concerns } from './history-lines.js';

/** What a notice tells of new entries: counts by agency, purpose and kind. Undefined where there is nothing to tell. */
export function digestOf(
  entries: readonly HistoryEntry[],
  subject: string,
  { kinds, agencies }: Pick<HistorySubscription, 'kinds' | 'agencies'>,
): Omit<HistoryNotice, 'id' | 'madeAt'> | undefined {
  const told = entries.filter(
    (entry) =>
      !isOwnAct(entry, subject) &&
      (kinds === undefined || kinds.includes(entry.kind)) &&
      (agencies === undefined || agencies.some((agency) => concerns(entry, agency))),
  );
  if (told.length === 0) return undefined;
  const groups = new Map<string, HistoryNotice['groups'][number]>();
  for (const entry of told) {
    const { kind, purpose } = entry;
    const agency = agencyConcerned(entry);
    const key = `${agency} ${purpose} ${kind}`;
    const group = groups.get(key);
    if (group !== undefined) group.count += 1;
    else
      groups.set(key, {
        ...(agency !== undefined && { agency }),
        ...(purpose !== undefined && { purpose }),
        kind,
        count: 1,
      });
  }
  const times = told.map(({ at }) => at).sort();
  return { from: times[0]!, to: times.at(-1)!, groups: [...groups.values()] };
}

/** Nobody needs to be told what they just did themselves; what followed from it for others is another entry. */
function isOwnAct({ actor, recipient }: HistoryEntry, subject: string): boolean {
  return actor === `person:${subject}` && recipient === undefined;
}
