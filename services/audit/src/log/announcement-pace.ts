/** Delivery stops two seconds after the last announcement; what a turn is late by has to fit between. */
export const ANNOUNCE_WITHIN_MS = 900;

/**
 * Whether a turn announces the checkpoint: unless the next one, should it take as long, would still be in time. (At a
 * fixed distance of 700 ms a turn of 650 let one pass and the next came after 1.3 s, just when the machine was full.)
 *
 * @param sinceLastMs since the last announcement
 * @param turnMs from the beginning of the last turn to that of this one
 */
export function isDue(sinceLastMs: number, turnMs: number): boolean {
  return sinceLastMs + turnMs > ANNOUNCE_WITHIN_MS;
}
