/**
 * The program with what is not ASCII written as escapes. V8 keeps a program's text as long as it runs, and with a single
 * character beyond Latin-1 in it at two bytes each: of the file that all services share that is 4 MB a service. (On the
 * lines where this changes something, mapped columns are off.)
 */
export function inAscii(program: string): string {
  if (/\\[^\0-\x7f]/.test(program)) throw new Error('behind a backslash an escape would be read as text');
  return program.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
