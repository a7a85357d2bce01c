import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { FILING_FIRST_LINE_HEADER } from '@sluice/contracts';

export interface LineResult {
  line: number;
  status: 'changed' | 'unchanged' | 'refused';
  version?: number;
  problem?: string;
}

export interface FilingOptions {
  url: string;
  token: string;
  filing: string;
  firstLine?: number | string;
  contentType?: string;
}

/** One PUT of a filing over a connection of its own: lines go out and results come in at the test's pace. */
export class FilingRequest {
  readonly #request: ClientRequest;
  readonly #response: Promise<IncomingMessage>;

  constructor({ url, token, filing, firstLine, contentType = 'application/x-ndjson' }: FilingOptions) {
    this.#request = request(`${url}/filings/${filing}`, {
      method: 'PUT',
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': contentType,
        ...(firstLine !== undefined && { [FILING_FIRST_LINE_HEADER]: String(firstLine) }),
      },
    });
    this.#response = new Promise((resolve, reject) => {
      this.#request.once('response', resolve).once('error', reject);
    });
    // A test that cuts the connection does not ask for the answer.
    this.#response.catch(() => {});
  }

  /** Resolves when the connection takes more, which the server decides by reading on, or is closed. */
  async send(text: string | Buffer): Promise<void> {
    if (this.#request.write(text)) return;
    await new Promise<void>((resolve) => this.#request.once('drain', resolve).once('close', resolve));
  }

  end(): this {
    this.#request.end();
    return this;
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#request.destroy();
  }

  async status(): Promise<number> {
    return (await this.#response).statusCode!;
  }

  /** A problem document, or the lines' results once all of them are there. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of (await this.#response) as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  async results(): Promise<LineResult[]> {
    return parsed(await this.text());
  }

  /** The first results, at least `count` of them unless the answer ends before; the rest stays unread. */
  async firstResults(count: number): Promise<LineResult[]> {
    const response = await this.#response;
    let text = '';
    while (text.split('\n').length <= count) {
      const chunk = response.read() as Buffer | null;
      if (chunk !== null) text += chunk.toString();
      else if (response.readableEnded || response.destroyed) break;
      else await new Promise<void>((resolve) => response.once('readable', resolve).once('close', resolve));
    }
    return parsed(text.slice(0, text.lastIndexOf('\n') + 1));
  }
}

function parsed(text: string): LineResult[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LineResult);
}
