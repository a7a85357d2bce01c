import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { changeLine } from './change-lines.js';
import { FilingStream } from './filing-stream.js';

/** Lines fall due in steps this small, so that they come nearly as evenly as from many senders. */
const TICK_MS = 5;
/** The most lines of one write. */
const CHUNK_LINES = 50;

export interface FilingPlan {
  registryUrl: string;
  token: string;
  subjects: string[];
  /** Changes a second over all streams; 0 for as fast as they are taken. */
  rate: number;
  seconds: number;
  streams: number;
  /** Not more than so many lines may be on their way to the recipients; 0 for any number. */
  window: number;
  /** Numbers the changes; the numbers of an earlier run would change nothing. */
  firstNumber: number;
}

export interface FilingProgress {
  /** Lines written, and lines with a result. */
  sent: number;
  answered: number;
}

export interface FilingDone extends FilingProgress {
  bytes: number;
  /** The most lines that were due and not taken by the service. */
  mostOverdue: number;
}

/** Files changes over some streams at a steady rate. Each stream has its own persons, whose order it keeps. */
export class FilingLoad {
  readonly #plan: FilingPlan;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #streams: FilingStream[];
  readonly #startedAt = performance.now();
  #delivered = 0;
  #bytes = 0;
  #mostOverdue = 0;
  #ended = false;

  constructor(plan: FilingPlan) {
    const { registryUrl, token, subjects, streams } = plan;
    // Stream k has the persons k, k + streams, ...: their number must be a multiple.
    this.#plan = { ...plan, subjects: subjects.slice(0, subjects.length - (subjects.length % streams)) };
    const onWritable = () => this.#tick();
    this.#streams = Array.from(
      { length: streams },
      () => new FilingStream(registryUrl, token, this.#agent, onWritable),
    );
  }

  /** Runs to its end; see `FilingStream.end` for what it rejects with. */
  async run(): Promise<FilingDone> {
    const timer = setInterval(() => this.#tick(), TICK_MS);
    const over = new AbortController();
    try {
      const time = delay(this.#plan.seconds * 1_000, undefined, { signal: over.signal });
      await Promise.race([time, ...this.#streams.map(({ finished }) => finished)]);
      this.#ended = true;
      await Promise.all(this.#streams.map((stream) => stream.end()));
      return { ...this.progress(), bytes: this.#bytes, mostOverdue: this.#mostOverdue };
    } finally {
      over.abort();
      clearInterval(timer);
      this.#agent.destroy();
    }
  }

  /** Tells how many changes have reached every recipient, for the window. */
  delivered(count: number): void {
    this.#delivered = count;
    this.#tick();
  }

  progress(): FilingProgress {
    return { sent: this.#sent(), answered: this.#streams.reduce((sum, { answered }) => sum + answered, 0) };
  }

  #sent(): number {
    return this.#streams.reduce((sum, { sent }) => sum + sent, 0);
  }

  #tick(): void {
    if (this.#ended) return;
    const due = this.#due();
    this.#streams.forEach((stream, index) => {
      while (stream.writable) {
        const lines = due === undefined ? this.#room() : shareOf(index, this.#streams.length, due) - stream.sent;
        if (lines <= 0) break;
        this.#write(stream, index, Math.min(lines, CHUNK_LINES));
      }
    });
    if (due !== undefined) this.#mostOverdue = Math.max(this.#mostOverdue, due - this.#sent());
  }

  /** How many lines should have been written by now; `undefined` where there is no rate. */
  #due(): number | undefined {
    const { rate } = this.#plan;
    return rate === 0 ? undefined : Math.floor(((performance.now() - this.#startedAt) * rate) / 1_000);
  }

  #room(): number {
    const { window } = this.#plan;
    return window === 0 ? CHUNK_LINES : window - (this.#sent() - this.#delivered);
  }

  #write(stream: FilingStream, index: number, lines: number): void {
    const { subjects, streams, firstNumber } = this.#plan;
    const madeAt = Date.now();
    let text = '';
    for (let i = 0; i < lines; i++) {
      const n = index + (stream.sent + i) * streams;
      text += changeLine(subjects[n % subjects.length]!, firstNumber + n, madeAt);
    }
    const bytes = Buffer.from(text);
    this.#bytes += bytes.length;
    stream.write(bytes, lines);
  }
}

/** Of `count` lines dealt out in turn, those that fall to the stream `index`. */
function shareOf(index: number, streams: number, count: number): number {
  return Math.floor((count + streams - 1 - index) / streams);
}
