import { randomUUID } from 'node:crypto';
import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface LineCounts {
  changed: number;
  unchanged: number;
  refused: number;
}

/** One filing: lines go out as they are given, results are counted as they come. */
export class FilingStream {
  readonly counts: LineCounts = { changed: 0, unchanged: 0, refused: 0 };
  /** Lines written. */
  sent = 0;
  /** Settles when the answer has ended, which before `end` means that the filing was broken off. */
  readonly finished: Promise<void>;
  readonly #request: ClientRequest;
  #writable = true;
  #rest = '';
  #firstRefusal: string | undefined;

  /** `onWritable` is called when lines are taken again after a time when they were not. */
  constructor(registryUrl: string, token: string, agent: Agent, onWritable: () => void) {
    this.#request = request(new URL(`/filings/${randomUUID()}`, registryUrl), {
      method: 'PUT',
      agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    });
    this.#request.on('drain', () => {
      this.#writable = true;
      onWritable();
    });
    this.finished = this.#readResults();
    this.finished.catch(() => {}); // told by `end`
  }

  /** Whether lines are taken: not while the service reads more slowly than they come. */
  get writable(): boolean {
    return this.#writable;
  }

  get answered(): number {
    return this.counts.changed + this.counts.unchanged + this.counts.refused;
  }

  write(bytes: Buffer, lines: number): void {
    this.sent += lines;
    this.#writable = this.#request.write(bytes);
  }

  /** Resolves when every line has its result. Rejects when the filing was refused, was broken off, or lines were. */
  async end(): Promise<void> {
    this.#request.end();
    await this.finished;
    if (this.#firstRefusal !== undefined) throw new Error(`a filing had lines refused: ${this.#firstRefusal}`);
    if (this.answered !== this.sent) throw new Error(`a filing of ${this.sent} lines ended after ${this.answered}`);
  }

  async #readResults(): Promise<void> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      this.#request.once('response', resolve).once('error', reject);
    });
    response.setEncoding('latin1');
    let refusal = '';
    for await (const chunk of response) {
      if (response.statusCode === 200) this.#count(chunk as string);
      else refusal += chunk;
    }
    if (response.statusCode !== 200) throw new Error(`a filing was refused (${response.statusCode}): ${refusal}`);
  }

  #count(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line.includes('"changed"')) this.counts.changed += 1;
      else if (line.includes('"unchanged"')) this.counts.unchanged += 1;
      else {
        this.counts.refused += 1;
        this.#firstRefusal ??= line;
      }
    }
  }
}
