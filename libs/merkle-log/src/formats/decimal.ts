/** An ASCII decimal without leading zeros, as all C2SP formats write sizes; undefined if it is not one or above 2^53. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
