/** Everything that can keep the stack from starting or running, as a closed list. */
export type StackFailureCode =
  | 'java-missing'
  | 'java-too-old'
  | 'maven-missing'
  | 'kafka-libraries'
  | 'postgres-binaries'
  | 'port-busy'
  | 'disk-full'
  | 'data-in-use'
  | 'data-damaged'
  | 'data-from-another-version'
  | 'data-not-reachable'
  | 'not-built'
  | 'postgres-failed'
  | 'kafka-failed'
  | 'issuer-failed'
  | 'service-failed'
  | 'bad-option';

/** A failure a person can act on: the message is one sentence that says what happened and what to do. */
export class StackFailure extends Error {
  override readonly name = 'StackFailure';

  constructor(
    readonly code: StackFailureCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The failure of an operating system call, in words; anything unknown is returned as it came. */
export function inWords(error: unknown, directory: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(directory, error);
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new StackFailure(
      'data-not-reachable',
      `The data folder ${directory} cannot be written; change its permissions or choose another with --data-dir.`,
      { cause: error },
    );
  }
  return error;
}

export function diskFull(directory: string, cause?: unknown): StackFailure {
  return new StackFailure(
    'disk-full',
    `The disk that holds ${directory} is full; free some space or choose another place with --data-dir.`,
    { cause },
  );
}
