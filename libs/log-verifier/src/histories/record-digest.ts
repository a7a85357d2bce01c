import { hash } from 'node:crypto';

/** A record as Kafka has it. */
export interface KafkaRecord {
  offset: number;
  key: Buffer | null;
  value: Buffer;
  headers: readonly (readonly [name: Buffer, content: Buffer])[];
}

/**
 * SHA-256 over u64 offset, u32 length of what follows, and the record from its key on as Kafka's message format 2 writes
 * it: key, value, headers, each with its length before it. What the log's `record` leaf says.
 */
export function digestOf({ offset, key, value, headers }: KafkaRecord): string {
  const body = Buffer.concat([
    ...(key === null ? [varint(-1)] : sized(key)),
    ...sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [...sized(name), ...sized(content)]),
  ]);
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(offset));
  head.writeUInt32BE(body.length, 8);
  return hash('sha256', Buffer.concat([head, body]), 'base64');
}

function sized(bytes: Buffer): Buffer[] {
  return [varint(bytes.length), bytes];
}

/** Zigzag, seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
