/** Standard base64 (RFC 4648, 4), padded; undefined unless the text is exactly what encoding its bytes gives. */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
