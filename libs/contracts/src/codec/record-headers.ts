/** A header of a Kafka record as it goes on the wire (record format 2): each length a varint. Made once where it repeats. */
export function encodeHeader(name: Buffer, value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(lengthPrefixed(name.length) + lengthPrefixed(value.length));
  writeBytes(bytes, value, writeBytes(bytes, name, 0));
  return bytes;
}

/** All headers of a record as they go on the wire: their count, and each. @param headers of `encodeHeader` */
export function joinHeaders(headers: readonly Buffer[]): Buffer {
  const count = Buffer.allocUnsafe(varintBytes(headers.length));
  writeVarint(count, headers.length, 0);
  return Buffer.concat([count, ...headers]);
}

export function encodeHeaders(headers: readonly (readonly [name: Buffer, value: Buffer])[]): Buffer {
  return joinHeaders(headers.map(([name, value]) => encodeHeader(name, value)));
}

/** What `joinHeaders` made. */
export function decodeHeaders(bytes: Buffer): [name: Buffer, value: Buffer][] {
  let at = 0;
  const varint = (): number => {
    let zigzag = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
  };
  const text = (): Buffer => {
    const length = varint();
    at += length;
    return bytes.subarray(at - length, at);
  };
  return Array.from({ length: varint() }, () => [text(), text()]);
}

/** Writes the value behind its length. @returns where it ends */
export function writeBytes(bytes: Buffer, value: Buffer, start: number): number {
  const at = writeVarint(bytes, value.length, start);
  value.copy(bytes, at);
  return at + value.length;
}

/** Zigzag, then seven bits a byte, as protocol buffers do it. @returns where it ends */
export function writeVarint(bytes: Buffer, value: number, start: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Bytes of a value of this length and of the length itself. */
export function lengthPrefixed(length: number): number {
  return varintBytes(length) + length;
}
