/** What a log line tells about an error. */
export interface DescribedError {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  /** Frames only: the head of a stack repeats the message. */
  readonly stack?: string;
  readonly cause?: DescribedError;
  /** PostgreSQL: the names of what the error is about. */
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly routine?: string;
}

const MAX_CAUSES = 3;
const NAMES_OF_POSTGRES = ['schema', 'table', 'column', 'constraint', 'routine'] as const;

/**
 * Describes an error without what it quotes. PostgreSQL repeats values in `message` and `detail`, JSON.parse the text
 * it could not read, zod can be made to: their messages are dropped, and any other is cut where it begins to quote.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const named = error as Error & Record<string, unknown>;
  const described: Record<string, unknown> = { type: error.constructor.name };
  if (typeof named.code === 'string') described.code = named.code;
  if (!quotesInput(named)) described.message = withoutQuotes(error.message);
  described.stack = framesOf(error);
  if (isPostgresError(named))
    for (const name of NAMES_OF_POSTGRES) if (typeof named[name] === 'string') described[name] = named[name];
  if (error.cause !== undefined && depth < MAX_CAUSES) described.cause = describeError(error.cause, depth + 1);
  return described as unknown as DescribedError;
}

function quotesInput(error: Error & Record<string, unknown>): boolean {
  return error instanceof SyntaxError || isPostgresError(error) || Array.isArray(error.issues);
}

function isPostgresError(error: Error & Record<string, unknown>): boolean {
  return typeof error.severity === 'string' && typeof error.code === 'string' && error.code.length === 5;
}

/** Up to the first quotation mark or line break: what is quoted can itself hold marks. An apostrophe inside a word is none. */
export function withoutQuotes(message: string): string {
  return message.replace(/(["`“‘\n]|(?<!\p{L})').*$/su, '…');
}

function framesOf(error: Error): string {
  const stack = error.stack ?? '';
  const head = stack.indexOf(error.message);
  return stack
    .slice(head === -1 ? 0 : head + error.message.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
