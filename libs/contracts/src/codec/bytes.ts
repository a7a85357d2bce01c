const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Value of each hexadecimal digit by its character code. */
const DIGIT: Uint8Array = (() => {
  const digits = new Uint8Array(128);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    digits[digit.charCodeAt(0)] = value;
    digits[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return digits;
})();

/** The 16 bytes of a uuid in text form. */
export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** Writes the 16 bytes of a uuid in text form: six times as fast as by way of `Buffer.from(…, 'hex')`. */
export function writeUuid(text: string, bytes: Uint8Array, offset: number): void {
  let at = 0;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) at += 1;
    bytes[offset + i] = (DIGIT[text.charCodeAt(at)]! << 4) | DIGIT[text.charCodeAt(at + 1)]!;
    at += 2;
  }
}

/** The text form of the uuid at `offset`. */
export function uuidText(bytes: Uint8Array, offset = 0): string {
  const h = (i: number): string => HEX[bytes[offset + i]!]!;
  return `${h(0)}${h(1)}${h(2)}${h(3)}-${h(4)}${h(5)}-${h(6)}${h(7)}-${h(8)}${h(9)}-${h(10)}${h(11)}${h(12)}${h(13)}${h(14)}${h(15)}`;
}
