const CHUNK_BYTES = 16 * 1024;

/** Values as NDJSON, a line each, put together into chunks worth sending. */
export async function* encodeLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let lines: Buffer[] = [];
  let size = 0;
  for await (const value of values) {
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    lines.push(line);
    size += line.length;
    if (size < CHUNK_BYTES) continue;
    yield Buffer.concat(lines);
    lines = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(lines);
}

/** The values of NDJSON as they come in. A last line without its line feed was cut off and is left out. */
export async function* decodeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) yield JSON.parse(line);
  }
}
