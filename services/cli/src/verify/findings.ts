import type { Finding } from '@sluice/log-verifier';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Column, Table } from '../output/table.js';
import type { Colours } from '../terminal.js';

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'FINDING', of: ({ code }) => code, paint: (_, { red }) => red },
  { title: 'FILE', of: ({ place }) => place },
  { title: 'INDEX', of: ({ index }) => index, align: 'right' },
  { title: 'WHAT', of: ({ detail }) => detail },
];

/** @param total also those that are not listed */
export function findingLines(findings: readonly Finding[], total: number, colours?: Colours): string[] {
  const table = new Table(COLUMNS, colours);
  const rest = total - findings.length;
  return [...table.lines(findings), ...(rest > 0 ? [`... and ${rest} more`] : [])];
}

/** A log that could not be read was not found to be wrong; it was not verified either. */
export function exitOfFindings(findings: readonly Finding[]): ExitCode {
  if (findings.length === 0) return EXIT.done;
  return findings.every(({ code }) => code === 'source-failed') ? EXIT.error : EXIT.verificationFailed;
}
