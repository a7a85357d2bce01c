/** What the doctor says of one thing it looked at. */
export interface Diagnosis {
  /** The service, or what else was looked at. */
  where: string;
  /** What was looked at there. */
  check: string;
  /** `unseen`: it could not be looked at, so nothing is known. */
  state: 'well' | 'trouble' | 'unseen';
  found: string;
  /** For trouble: what to do. */
  advice?: string;
}

export function well(where: string, check: string, found: string): Diagnosis {
  return { where, check, state: 'well', found };
}

export function trouble(where: string, check: string, found: string, advice: string): Diagnosis {
  return { where, check, state: 'trouble', found, advice };
}

export function unseen(where: string, check: string, found: string): Diagnosis {
  return { where, check, state: 'unseen', found };
}
