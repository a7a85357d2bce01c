import { isUtf8 } from 'node:buffer';
import {
  type AttributeSet,
  EVIDENCE_FORM,
  filingLine,
  MAX_ATTRIBUTE_NAME,
  type ProblemCode,
  UUID_FORM,
} from '@sluice/contracts';
import { parse as parseJson } from 'secure-json-parse';
import { readValues } from '../domain/attribute-values.js';
import { textsOf, type ValueTexts } from '../domain/profile.js';
import type { RawLine } from './line-splitter.js';

/** A change as a line of a filing asks for it, by the catalogue; whether its publisher may assert it is not said yet. */
export interface FiledChange {
  readonly subject: string;
  readonly values: ValueTexts;
  /** Which attributes the values are of. */
  readonly set: AttributeSet;
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
  const fields = isPlain(json) ? json : readByContract(json);
  if ('refused' in fields) return fields;
  const { subject, attributes, evidence } = fields;
  const values = readValues(attributes);
  if ('refused' in values) return { refused: values.refused };
  return { subject, evidence, values: textsOf(values.values), set: values.set };
}

interface Fields {
  readonly subject: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly evidence?: string | undefined;
}

/**
 * Whether the contract takes the line as it is, told without the copies the contract's schema makes: 0.1 us against 1.4.
 * MUST say no wherever it is in doubt; then the contract is asked.
 */
export function isPlain(json: unknown): json is Fields {
  if (!isRecord(json)) return false;
  for (const name in json) if (name !== 'subject' && name !== 'attributes' && name !== 'evidence') return false;
  const { subject, attributes, evidence } = json;
  if (typeof subject !== 'string' || !UUID_FORM.test(subject) || !isRecord(attributes)) return false;
  if (evidence !== undefined && (typeof evidence !== 'string' || !EVIDENCE_FORM.test(evidence))) return false;
  let some = false;
  for (const name in attributes) {
    if (name.length > MAX_ATTRIBUTE_NAME) return false;
    some = true;
  }
  return some;
}

function readByContract(json: unknown): Fields | RefusedLine {
  const read = filingLine.safeParse(json);
  return read.success ? read.data : { refused: 'validation-failed' };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As other bodies are read: a `__proto__` anywhere is refused, a member named `constructor` is a name like another. */
const READ_OPTIONS = { protoAction: 'error', constructorAction: 'ignore' } as const;

/** `undefined` for bytes that are not JSON (RFC 8259: in UTF-8). */
function parse(line: Buffer): unknown {
  if (!isUtf8(line)) return undefined;
  try {
    return parseJson(line.toString('utf8'), READ_OPTIONS);
  } catch {
    return undefined;
  }
}
