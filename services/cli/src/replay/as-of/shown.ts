import { type Column, Table } from '../../output/table.js';
import type { Colours } from '../../terminal.js';
import type { GrantThen, LookBack, PastProfile } from './look-back.js';

type Entry = { code: string } & PastProfile['attributes'][string];

const GRANTS: readonly Column<GrantThen>[] = [
  { title: 'AGENCY', of: ({ agency }) => agency },
  { title: 'PURPOSE', of: ({ purpose }) => purpose },
  { title: 'STATE', of: ({ state, fenced }) => (fenced ? state : `${state}, fence to come`) },
  { title: 'GRANT', of: ({ grant, version }) => `${grant} v${version}` },
  { title: 'SINCE', of: ({ since }) => since },
  { title: 'MODE', of: ({ mode }) => mode },
  { title: 'COULD RECEIVE', of: ({ receives }) => receives.join(','), paint: (_, { green }) => green },
  { title: 'NOT', of: ({ withheld }) => withheld.join(',') },
  { title: 'BECAUSE', of: ({ because }) => because },
];

const AGENCIES: readonly Column<LookBack['agencies'][number]>[] = [
  { title: 'ACCREDITATION OF', of: ({ agency }) => agency },
  { title: 'STATE', of: ({ state, version }) => `${state} v${version}` },
  { title: 'SINCE', of: ({ since }) => since },
  { title: 'UNTIL', of: ({ scope }) => scope.until },
];

const ATTRIBUTES: readonly Column<Entry>[] = [
  { title: 'ATTRIBUTE', of: ({ code }) => code },
  { title: 'VERSION', of: ({ version }) => version, align: 'right' },
  { title: 'RECORDED', of: ({ recordedAt }) => recordedAt },
  { title: 'ASSERTED BY', of: ({ assertedBy }) => assertedBy },
  { title: 'ASSURANCE', of: ({ assurance, evidence }) => (evidence ? `${assurance} (${evidence})` : assurance) },
  { title: 'STALE', of: ({ stale }) => (stale ? 'stale' : undefined) },
];
const VALUE: Column<Entry> = { title: 'VALUE', of: ({ value }) => JSON.stringify(value) };

/** As a person reads it. Values have a column where there are any. */
export function shownLookBack({ subject, at, grants, agencies, profile }: LookBack, colours: Colours): string {
  const parts = [`${colours.bold(subject)} at ${at}`, ''];
  if (profile !== undefined) {
    const entries = Object.entries(profile.attributes).map(([code, entry]) => ({ code, ...entry }));
    const withValues = entries.some(({ value }) => value !== undefined);
    const columns = withValues ? [...ATTRIBUTES.slice(0, 1), VALUE, ...ATTRIBUTES.slice(1)] : ATTRIBUTES;
    parts.push(`Profile, version ${profile.version}`, ...new Table(columns, colours).lines(entries), '');
  }
  if (grants.length === 0) parts.push('No grants.');
  else parts.push(...new Table(GRANTS, colours).lines(grants));
  if (agencies.length > 0) parts.push('', ...new Table(AGENCIES, colours).lines(agencies));
  return parts.join('\n');
}
