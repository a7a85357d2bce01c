import { readFileSync } from 'node:fs';
import { type PolicyProposal, policyProposal } from '@sluice/contracts';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { EXIT } from '../../exit-codes.js';
import { Failure, usageFailure } from '../../failure.js';

/** A policy written by hand; what is larger is another file. */
const MAX_CHARS = 1_000_000;

/** Reads a proposal in YAML, of which JSON is a part. @throws {Failure} that names line and column of each fault */
export function readProposal(file: string): PolicyProposal {
  const text = textOf(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw usageFailure(document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message}`).join('\n'));
  }
  const read = policyProposal.safeParse(document.toJS());
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => {
    const steps = path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    return `${place(startOf(document, steps))}: ${pathText(steps)}: ${message}`;
  });
  throw usageFailure(`the proposal does not follow its form\n${faults.join('\n')}`);
}

function textOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure(EXIT.notFound, `${file} cannot be read`, { cause });
  }
  if (text.length > MAX_CHARS) throw usageFailure(`${file} is too large to be a proposal`);
  return text;
}

/** Where a value begins, or what it is missing from. */
function startOf(document: ReturnType<typeof parseDocument>, path: (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'the document';
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}
