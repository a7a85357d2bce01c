import type { ProblemDetail } from '@sluice/contracts';
import { z } from 'zod';

/** Enough to mend a request; a body of thousands of faults must not become an answer of thousands of lines. */
const MAX_DETAILS = 50;

/**
 * Names the places and the rules of a refused input, never what was given. A member's name is the caller's text as
 * much as its value is, so only names the schema itself declares are repeated; any other becomes `*`.
 */
export function detailsOf(error: z.ZodError, schema: z.ZodType, where: string): ProblemDetail[] {
  const declared = declaredNames(schema);
  return error.issues
    .slice(0, MAX_DETAILS)
    .map((issue) => ({ path: pathOf(issue.path, declared, where), rule: ruleOf(issue) }));
}

function pathOf(path: readonly PropertyKey[], declared: ReadonlySet<string>, where: string): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}.${declared.has(String(step)) ? String(step) : '*'}`,
    where,
  );
}

function ruleOf(issue: z.core.$ZodIssue): string {
  if (isSlug(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected-${issue.expected}`;
    case 'too_small':
      return `at-least-${issue.minimum}`;
    case 'too_big':
      return `at-most-${issue.maximum}`;
    case 'not_multiple_of':
      return `multiple-of-${issue.divisor}`;
    case 'invalid_format':
      return `format-${issue.format}`;
    case 'invalid_value':
      return 'one-of-the-listed-values';
    case 'unrecognized_keys':
      return 'no-unknown-members';
    case 'invalid_union':
      return 'one-of-the-listed-forms';
    case 'invalid_key':
      return 'member-name';
    case 'invalid_element':
      return 'element';
    case 'custom':
      return 'rule-of-the-contract';
  }
}

/** Contracts name their own rules as a slug in the check's message; any other text is a sentence and could quote a value. */
const isSlug = (message: string): boolean => /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(message) && message.length <= 64;

const namesBySchema = new WeakMap<z.ZodType, ReadonlySet<string>>();

function declaredNames(schema: z.ZodType): ReadonlySet<string> {
  const known = namesBySchema.get(schema);
  if (known !== undefined) return known;
  const names = new Set<string>();
  collectNames(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), names);
  namesBySchema.set(schema, names);
  return names;
}

function collectNames(node: unknown, names: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collectNames(item, names);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === 'properties') for (const name of Object.keys(value as object)) names.add(name);
    if (keyword === 'propertyNames') for (const name of (value as { enum?: string[] }).enum ?? []) names.add(name);
    collectNames(value, names);
  }
}
