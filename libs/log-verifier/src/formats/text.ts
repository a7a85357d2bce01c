/** A decimal without leading zeros, at most 2^53; undefined for anything else. */
export function decimalOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 && String(value) === text ? value : undefined;
}

/** The bytes that a canonical standard base64 text stands for; undefined for anything else. */
export function base64Of(text: string | undefined): Buffer | undefined {
  const bytes = Buffer.from(text ?? '', 'base64');
  return text !== undefined && bytes.toString('base64') === text ? bytes : undefined;
}
