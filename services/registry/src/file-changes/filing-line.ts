import { isUtf8 } from 'node:buffer';
import { filingLine, type ProblemCode } from '@sluice/contracts';
import { type ReadValues, readValues } from '../domain/attribute-values.js';
import type { RawLine } from './line-splitter.js';

/** A change as a line of a filing asks for it, by the catalogue; whether its publisher may assert it is not said yet. */
export interface FiledChange extends ReadValues {
  readonly subject: string;
  readonly evidence: string | undefined;
}

export interface RefusedLine {
  readonly refused: ProblemCode;
}

/** Reads one line. A line that is nonsense is refused by itself: the others go on. */
export function readLine(line: RawLine): FiledChange | RefusedLine {
  if (line === 'too-long') return { refused: 'body-too-large' };
  const json = parse(line);
  if (json === undefined) return { refused: 'body-not-json' };
  const read = filingLine.safeParse(json);
  if (!read.success) return { refused: 'validation-failed' };
  const { subject, attributes, evidence } = read.data;
  // The schema drops this one name silently; it is as unknown to the catalogue as any other.
  if (Object.hasOwn((json as { attributes: object }).attributes, '__proto__')) return { refused: 'unknown-attribute' };
  const values = readValues(attributes);
  if ('refused' in values) return { refused: values.refused };
  return { subject: subject, evidence, values: values.values, set: values.set };
}

/** `undefined` for bytes that are not JSON (RFC 8259: in UTF-8). */
function parse(line: Buffer): unknown {
  if (!isUtf8(line)) return undefined;
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}
