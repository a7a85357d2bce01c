import {
  ATTRIBUTES,
  type AttributeCode,
  type AttributeSet,
  type AttributeValues,
  isAttributeCode,
  type ProblemDetail,
} from '@sluice/contracts';
import type { Refusal } from './refusal.js';

/** Values in the normal form of their schemas, and which attributes they are of. */
export interface ReadValues {
  readonly values: AttributeValues;
  readonly set: AttributeSet;
}

/** Enough to mend a request. */
const MAX_DETAILS = 50;

type ReadResult = ReturnType<(typeof ATTRIBUTES)[AttributeCode]['schema']['safeParse']>;
type Issue = NonNullable<ReadResult['error']>['issues'][number];

/** Where values stand in a request, as details name it. */
const VALUES_PATH = 'body.attributes';
const UNKNOWN_NAME: ProblemDetail = { path: `${VALUES_PATH}.*`, rule: 'catalogue-attribute' };

/** Details name an attribute only once the catalogue knows it: an unknown name is the caller's text, as a value is. */
export function attributePath(code: AttributeCode): string {
  return `${VALUES_PATH}.${code}`;
}

/** Reads values by the catalogue. */
export function readValues(
  given: Readonly<Record<string, unknown>>,
): ReadValues | Refusal<'unknown-attribute' | 'validation-failed'> {
  const values: AttributeValues = {};
  let set = 0;
  let unknown = false;
  let errors: ProblemDetail[] | undefined;
  for (const code in given) {
    if (!isAttributeCode(code)) {
      unknown = true;
      continue;
    }
    const { bit, schema } = ATTRIBUTES[code];
    const read = schema.safeParse(given[code]);
    set |= 1 << bit;
    if (read.success) values[code] = read.data;
    else errors = [...(errors ?? []), ...read.error.issues.map((issue) => detailOf(issue, attributePath(code)))];
  }
  if (unknown) return { refused: 'unknown-attribute', errors: [UNKNOWN_NAME] };
  if (errors !== undefined) return { refused: 'validation-failed', errors: errors.slice(0, MAX_DETAILS) };
  return { values, set: set >>> 0 };
}

/**
 * Place and rule of what is wrong. Members in the path are the schema's own. The catalogue names its rules as slugs in
 * messages; any other message is zod's and may quote what was given, so its code stands instead.
 */
function detailOf(issue: Issue, where: string): ProblemDetail {
  const path = issue.path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${String(step)}`),
    where,
  );
  const rule = /^[a-z][a-z0-9-]{0,63}$/.test(issue.message) ? issue.message : issue.code.replaceAll('_', '-');
  return { path, rule };
}
