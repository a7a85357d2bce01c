import type { Readable } from 'node:stream';
import { setTimeout as gather } from 'node:timers/promises';
import { LineSplitter, type RawLine } from './line-splitter.js';

/**
 * Lines that trickle in are waited for so long before a batch is made of them: at 500 lines a second this makes a third
 * of the transactions, and costs a change less time than they would.
 */
const GATHER_MS = 4;

/** The client went away in the middle of its lines. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

/** What a line takes in memory beside its bytes. */
const LINE_OVERHEAD_BYTES = 100;

/** Reads lines ahead of those who take them, and keeps them as bytes; reads no more while `readAhead` bytes wait. */
export class IncomingLines {
  private readonly lines: RawLine[] = [];
  private bytes = 0;
  private state: 'open' | 'ended' | 'broken' = 'open';
  private error: unknown;
  private wakeTaker = (): void => {};
  private wakeReader = (): void => {};

  constructor(
    body: Readable,
    private readonly readAhead: number,
  ) {
    this.read(body).then(
      () => this.close('ended'),
      (cause: unknown) => {
        this.error = body.readableAborted ? new Disconnected('the lines broke off', { cause }) : cause;
        this.close('broken');
      },
    );
  }

  /**
   * The next lines, up to `most` of them, GATHER_MS after there is one; none at the end.
   * @throws Disconnected where they break off: lines that wait then are not given any more
   */
  async take(most: number): Promise<RawLine[]> {
    while (this.lines.length === 0 && this.state === 'open') {
      await new Promise<void>((resolve) => {
        this.wakeTaker = resolve;
      });
    }
    if (this.lines.length < most && this.state === 'open') await gather(GATHER_MS);
    if (this.state === 'broken') throw this.error;
    const taken = this.lines.splice(0, most);
    for (const line of taken) this.bytes -= sizeOf(line);
    if (this.bytes < this.readAhead) this.wakeReader();
    return taken;
  }

  /** Reads nothing more. */
  stop(): void {
    this.close('ended');
  }

  private async read(body: Readable): Promise<void> {
    const splitter = new LineSplitter();
    // Leaving the loop must not destroy the request: its connection still carries the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      for (const line of splitter.push(chunk)) this.add(line);
      this.wakeTaker();
      while (this.bytes >= this.readAhead && this.state === 'open') {
        await new Promise<void>((resolve) => {
          this.wakeReader = resolve;
        });
      }
      if (this.state !== 'open') return;
    }
    const last = splitter.end();
    if (last !== undefined) this.add(last);
  }

  private add(line: RawLine): void {
    this.lines.push(line);
    this.bytes += sizeOf(line);
  }

  private close(state: 'ended' | 'broken'): void {
    if (this.state === 'open') this.state = state;
    this.wakeTaker();
    this.wakeReader();
  }
}

function sizeOf(line: RawLine): number {
  return LINE_OVERHEAD_BYTES + (line === 'too-long' ? 0 : line.length);
}
