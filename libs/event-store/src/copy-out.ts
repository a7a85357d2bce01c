import type { Client, Connection, PoolClient, Submittable } from 'pg';

/** Signature (11 bytes), flags and the length of an extension area: PostgreSQL 18, COPY, "Binary Format". */
const FLAGS_AT = 11;
const EXTENSION_SIZE_AT = 15;
const HEADER_BYTES = 19;
/** Stands where another row would begin with its number of columns. */
export const END_OF_ROWS = -1;

/** Where the first row begins in the bytes of a binary copy. */
export function startOfRows(bytes: Buffer): number {
  if (bytes.readInt32BE(FLAGS_AT) !== 0) throw new Error('a binary copy with flags that are not known here');
  return HEADER_BYTES + bytes.readInt32BE(EXTENSION_SIZE_AT);
}

interface CopyDataMessage {
  chunk: Buffer;
}

/**
 * `copy (...) to stdout (format binary)` as one Buffer: rows reach us as the bytes they are.
 *
 * pg turns every value into text first, for bytea into hex and back. Reading 2,000 events of 600 bytes costs, per event
 * and in Node and PostgreSQL together, 11 us through one `string_agg` and 4 us this way (PostgreSQL 18, Node 24).
 * `copy` takes no parameters, so the text MUST hold nothing but numbers and checked names.
 */
class CopyOut implements Submittable {
  /** Set by pg when a query timeout is on; it has to hear of the end. */
  callback: ((error?: Error) => void) | undefined;
  readonly done: Promise<Buffer>;
  readonly #text: string;
  #bytes: Buffer;
  #size = 0;
  readonly #settle: { resolve: (bytes: Buffer) => void; reject: (error: Error) => void };

  constructor(text: string, expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.done = promise;
    this.#text = text;
    this.#settle = { resolve, reject };
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  /** The chunk is a view on a buffer that pg writes to again. */
  handleCopyData({ chunk }: CopyDataMessage): void {
    const size = this.#size + chunk.length;
    if (size > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(size, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#size);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#size);
    this.#size = size;
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback?.();
    this.#settle.resolve(this.#bytes.subarray(0, this.#size));
  }

  handleError(error: Error): void {
    this.callback?.(error);
    this.#settle.reject(error);
  }
}

/** `expectedBytes` spares the result from growing; it may be wrong. */
export async function copyOut(client: Client | PoolClient, select: string, expectedBytes: number): Promise<Buffer> {
  const query = new CopyOut(`copy (${select}) to stdout (format binary)`, expectedBytes);
  client.query(query);
  return await query.done;
}
