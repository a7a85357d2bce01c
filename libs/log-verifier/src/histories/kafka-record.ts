import { hash } from 'node:crypto';

/** A record as it lies in Kafka. */
export interface KafkaRecord {
  offset: number;
  /**
   * From its key on, in Kafka's message format 2: varint length (-1: none) and bytes of the key, the same of the value,
   * varint count of headers, and of each the name and the value in the same way.
   */
  body: Buffer;
}

/** What histories are made from. */
export interface OpenedRecord {
  value: Buffer;
  headers: [name: Buffer, content: Buffer][];
}

const MAX_VARINT_BYTES = 5;

/** SHA-256 over u64 offset, u32 length of the body, and the body: what the log's `record` leaf says. */
export function digestOf({ offset, body }: KafkaRecord): string {
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(offset));
  head.writeUInt32BE(body.length, 8);
  return hash('sha256', Buffer.concat([head, body]), 'base64');
}

/** Undefined where the body is not one record. */
export function openRecord(body: Buffer): OpenedRecord | undefined {
  const reader = new BodyReader(body);
  reader.bytes(); // the key
  const value = reader.bytes();
  const headers: OpenedRecord['headers'] = [];
  for (let left = reader.varint(); left > 0 && reader.isSound; left--) headers.push([reader.bytes(), reader.bytes()]);
  return reader.isSound && reader.isAtEnd ? { value, headers } : undefined;
}

class BodyReader {
  isSound = true;
  #at = 0;

  constructor(private readonly body: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.body.length;
  }

  /** Zigzag, seven bits a byte, the lowest first. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.body[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    this.isSound = false;
    return 0;
  }

  /** None is empty. */
  bytes(): Buffer {
    const end = this.varint() + this.#at;
    const start = this.#at;
    if (end <= start) return Buffer.alloc(0);
    if (end > this.body.length) this.isSound = false;
    this.#at = end;
    return this.body.subarray(start, end);
  }
}
