import type { Cosigned, Finding } from '@sluice/log-verifier';
import type { Colours } from '../terminal.js';
import { findingLines } from './findings.js';

const LABEL_WIDTH = 12;

/** Labelled facts, then the verdict, then the findings. */
export function verdict(
  facts: readonly (readonly [label: string, value: string | number | undefined])[],
  { findings, findingCount }: { findings: readonly Finding[]; findingCount: number },
  colours: Colours,
): string {
  const known = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [`${label.padEnd(LABEL_WIDTH)}${value}`],
  );
  const unread = findings.length > 0 && findings.every(({ code }) => code === 'source-failed');
  const ending =
    findingCount === 0
      ? colours.green('Nothing is wrong.')
      : colours.red(
          unread ? 'It could not be verified.' : `${findingCount} ${findingCount === 1 ? 'finding' : 'findings'}:`,
        );
  return [...known, ending, ...findingLines(findings, findingCount, colours)].join('\n');
}

/**
 * Who has cosigned: `witness.example at 2026-11-24T22:00:00.000Z`, each. Lines that nobody can check yet are named, and
 * where there is no line at all, the checkpoint is unwitnessed.
 */
export function cosignatures({
  cosignatures: cosigned,
  unknownSigners,
}: {
  cosignatures: readonly Cosigned[];
  unknownSigners: readonly string[];
}): string {
  const known = cosigned.map(({ name, time }) => `${name} at ${new Date(time * 1_000).toISOString()}`);
  const unknown = unknownSigners.map((name) => `${name} (not checked: give its key with --witness)`);
  return [...known, ...unknown].join(', ') || 'by nobody: UNWITNESSED';
}
