import type { HistoryEntry, Language } from '@sluice/contracts';
import { labelsOf } from './entry-labels.js';

/** An entry as its person or an auditor gets it: with links to what it names, and in words. */
export function presentEntry(entry: HistoryEntry, subject: string, language: Language): HistoryEntry {
  const links = {
    ...(entry.grant !== undefined && { grant: `/grants/${entry.grant}` }),
    ...(entry.sequence !== undefined && {
      receipt: `/deliveries/${entry.recipient}/${entry.lane}/${entry.sequence}/receipt`,
    }),
    ...(entry.case !== undefined && { case: `/cases/${entry.case}` }),
  };
  return {
    ...entry,
    ...(Object.keys(links).length > 0 && { links }),
    labels: labelsOf(entry, subject, language),
  };
}
