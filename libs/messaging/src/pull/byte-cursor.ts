/** Reads Kafka's primitive types one after the other (https://kafka.apache.org/protocol#protocol_types). */
export class ByteCursor {
  at: number;

  constructor(
    readonly bytes: Buffer,
    start = 0,
  ) {
    this.at = start;
  }

  int8(): number {
    return this.bytes.readInt8(this.at++);
  }

  int16(): number {
    const value = this.bytes.readInt16BE(this.at);
    this.at += 2;
    return value;
  }

  int32(): number {
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.bytes.readBigInt64BE(this.at);
    this.at += 8;
    return value;
  }

  uuid(): string {
    const hex = this.bytes.toString('hex', this.at, this.at + 16);
    this.at += 16;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  varint(): number {
    const zigzag = this.unsignedVarint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Of a range that fits a double: delays and lengths do, arbitrary longs would not. */
  varlong(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  /** Length (-1: none), then as many bytes: a view, not a copy. */
  varintBytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }

  skipVarintBytes(): void {
    const length = this.varint();
    if (length > 0) this.at += length;
  }

  /** A compact array's length; a null array is empty. */
  arrayLength(): number {
    return Math.max(0, this.unsignedVarint() - 1);
  }

  skipTaggedFields(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      const size = this.unsignedVarint();
      this.at += size;
    }
  }
}
