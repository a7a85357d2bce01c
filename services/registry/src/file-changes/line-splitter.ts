/** One change and its evidence are far smaller; whoever sends more has lost a line feed. */
export const MAX_LINE_BYTES = 256 * 1024;

/** A line's bytes without its line feed, or the mark of a line that was too long to keep. */
export type RawLine = Buffer | 'too-long';

const LINE_FEED = 0x0a;

/** Cuts a stream of bytes into lines. What it gives are views of the chunks. */
export class LineSplitter {
  private parts: Buffer[] = [];
  private size = 0;

  /** The lines that end within this chunk. */
  push(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.keep(chunk.subarray(start, end));
      lines.push(this.take());
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
    return lines;
  }

  /** What follows the last line feed, if anything: the last line of a stream that came to its end. */
  end(): RawLine | undefined {
    return this.size === 0 ? undefined : this.take();
  }

  /** Of a line that grows too long only the size is kept. */
  private keep(part: Buffer): void {
    this.size += part.length;
    if (this.size > MAX_LINE_BYTES) this.parts = [];
    else if (part.length > 0) this.parts.push(part);
  }

  private take(): RawLine {
    const { parts, size } = this;
    this.parts = [];
    this.size = 0;
    if (size > MAX_LINE_BYTES) return 'too-long';
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
