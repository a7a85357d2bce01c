import { attributeLabel, type HistoryEntry, LANGUAGES, OUTCOME_LABELS, purposeLabel } from '@sluice/contracts';
import { KIND_LABELS } from './entry-labels.js';
import { concerns } from './history-lines.js';

/** What entries are asked for; all that is given must hold. Times bound the rows that are read and are not looked at here. */
export interface HistoryFilter {
  kind?: string | undefined;
  agency?: string | undefined;
  attribute?: string | undefined;
  purpose?: string | undefined;
  outcome?: string | undefined;
  /** A word. */
  q?: string | undefined;
}

/** True where nothing but times is asked for: every entry passes. */
export function isPlain({ kind, agency, attribute, purpose, outcome, q }: HistoryFilter): boolean {
  return [kind, agency, attribute, purpose, outcome, q].every((asked) => asked === undefined);
}

export function passes(filter: HistoryFilter, entry: HistoryEntry): boolean {
  const { kind, agency, attribute, purpose, outcome, q } = filter;
  return (
    (kind === undefined || entry.kind === kind) &&
    (agency === undefined || concerns(entry, agency)) &&
    (attribute === undefined || (entry.attributes as readonly string[]).includes(attribute)) &&
    (purpose === undefined || entry.purpose === purpose) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (q === undefined || wordsOf(entry).includes(q.toLowerCase()))
  );
}

/** Everything that a person may search an entry by, in lower case. */
function wordsOf({ kind, actor, recipient, attributes, purpose, outcome, detail, grant }: HistoryEntry): string {
  const words = [kind, actor, recipient, ...attributes, purpose, outcome, detail, grant];
  for (const language of LANGUAGES) {
    words.push(KIND_LABELS[kind][language], ...attributes.map((code) => attributeLabel(code, language)));
    if (purpose !== undefined) words.push(purposeLabel(purpose, language));
    if (outcome !== undefined) words.push(OUTCOME_LABELS[outcome][language]);
  }
  return words.filter(Boolean).join('\n').toLowerCase();
}
