import { plainText } from '../output/plain-text.js';
import type { Colours } from '../terminal.js';
import type { Diagnosis } from './diagnosis.js';

const MARK = { well: '✓', trouble: '✗', unseen: '?' } as const;

/** What matters most comes last, where the prompt will be. */
const ORDER = ['well', 'unseen', 'trouble'] as const;

/** As a person reads it: a line each, under a trouble what to do, and at the end the sum. */
export function report(diagnoses: readonly Diagnosis[], colours: Colours): string {
  const widths = [widest(diagnoses, ({ where }) => where), widest(diagnoses, ({ check }) => check)] as const;
  const paint = { well: colours.green, trouble: colours.red, unseen: colours.yellow };
  const ordered = ORDER.flatMap((state) => diagnoses.filter((diagnosis) => diagnosis.state === state));
  const lines = ordered.flatMap(({ where, check, state, found, advice }) => {
    const line = `${paint[state](MARK[state])} ${where.padEnd(widths[0])}  ${check.padEnd(widths[1])}  ${plainText(found)}`;
    return advice === undefined ? [line] : [line, `    ${colours.bold(advice)}`];
  });
  return [...lines, '', summary(diagnoses)].join('\n');
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const count = (state: Diagnosis['state']) => diagnoses.filter((diagnosis) => diagnosis.state === state).length;
  const [troubles, unseen] = [count('trouble'), count('unseen')];
  const dark = unseen > 0 ? ` ${unseen} could not be looked at.` : '';
  if (troubles === 0) return `Nothing is wrong in ${count('well')} checks.${dark}`;
  return `${troubles} of ${diagnoses.length} checks found trouble.${dark}`;
}

function widest(diagnoses: readonly Diagnosis[], of: (diagnosis: Diagnosis) => string): number {
  return Math.max(0, ...diagnoses.map((diagnosis) => of(diagnosis).length));
}
