export const CRASH_LOG = 'log.example/crash';

/** Leaf `number` of a round of the crash test; no two rounds have the same. */
export function crashLeaf(round: number, number: number): string {
  return `round ${round}, leaf ${number}`;
}
