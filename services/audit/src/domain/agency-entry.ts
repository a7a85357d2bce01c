import type { HistoryEntry } from '@sluice/contracts';

/**
 * An entry as the agency concerned may have it: what it received, was refused or did itself. Not who else acted, not the
 * event behind it, and not the entry's own id, by which two agencies could find that they mean the same person.
 */
export function entryForAgency(entry: HistoryEntry, agency: string, alias: string): Omit<HistoryEntry, 'id'> {
  const {
    id: _id,
    event: _event,
    links: _links,
    labels: _labels,
    sealed: _sealed,
    case: _case,
    detail,
    ...rest
  } = entry;
  return {
    ...rest,
    actor: actorFor(entry, agency, alias),
    ...(isOwnWord(entry) && detail !== undefined && { detail }),
  };
}

/** The details of these say what the agency was told, or did, in so many words; others name versions and times of the person's. */
function isOwnWord({ kind }: HistoryEntry): boolean {
  return kind === 'grant' || kind === 'read' || kind === 'access-refused' || kind === 'case';
}

/** The person by the agency's own name for them, and only where the agency had to do with what the person did. */
function actorFor({ kind, actor }: HistoryEntry, agency: string, alias: string): string {
  if (actor === `agency:${agency}`) return actor;
  const isParty = kind === 'grant' || kind === 'case';
  if (isParty && actor.startsWith('person:')) return `person:${alias}`;
  return isParty && actor.startsWith('staff:') ? 'staff:centre' : 'service:delivery';
}
