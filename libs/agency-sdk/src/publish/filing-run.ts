import { setTimeout as delay } from 'node:timers/promises';
import { FILING_FIRST_LINE_HEADER, filingLineResult, PROBLEMS, type ReplyOf, readFiling } from '@sluice/contracts';
import { SluiceError } from '../errors.js';
import { Backoff } from '../retry/backoff.js';
import { decodeLines, encodeLines } from './ndjson.js';
import { isPassing, type RegistryConnection, waitAfter } from './registry-connection.js';
import { RequestRefused } from './request-refused.js';

/** Interruptions in a row, without a line done between them, after which a filing gives up. */
const MOST_INTERRUPTIONS = 8;

/** One change of a filing. */
export interface FilingLine {
  subject: string;
  /** New values by attribute code. */
  attributes: Record<string, unknown>;
  /** A reference to the evidence, at most 120 characters. */
  evidence?: string;
}

/** What became of one line; lines count from 0. */
export interface FilingLineResult {
  line: number;
  status: 'changed' | 'unchanged' | 'refused';
  /** The subject's version after the line. */
  version?: number;
  /** Why it was refused. */
  problem?: string;
}

export type FilingState = Omit<ReplyOf<typeof readFiling>, 'filing'>;

export interface Filing {
  /** Chosen by the publisher; the same uuid is the same filing, and goes on where it stopped. */
  filing: string;
  /** All lines from the first on. Called again after an interruption; MUST give the same lines each time. */
  lines: () => Iterable<FilingLine> | AsyncIterable<FilingLine>;
  /** Called for each line's result in order, and awaited: nothing more is read meanwhile. */
  onResult(result: FilingLineResult): void | Promise<void>;
}

export interface FilingReport extends FilingState {
  /**
   * Ranges of lines that are done but whose results never came here: done in an earlier run, or answered over a
   * connection that broke. `to` is not in the range.
   */
  unreported: { from: number; to: number }[];
}

/** Sends one filing to its end, over as many requests as it takes. */
export class FilingRun {
  readonly #registry: RegistryConnection;
  readonly #filing: Filing;
  readonly #unreported: { from: number; to: number }[] = [];
  /** Lines below this are done and accounted for. */
  #next = 0;

  constructor(registry: RegistryConnection, filing: Filing) {
    this.#registry = registry;
    this.#filing = filing;
  }

  async run(): Promise<FilingReport> {
    const waits = new Backoff();
    let interruptions = 0;
    let reached = 0;
    for (;;) {
      await this.#catchUp();
      try {
        if (await this.#sendRest()) return { ...(await this.#catchUp()), unreported: this.#unreported };
        throw new SluiceError('registry-unreachable', `the filing broke off at line ${this.#next}`);
      } catch (error) {
        // Another request of this filing was still at work: ask again how far it came.
        const elsewhere = error instanceof RequestRefused && error.problem.code === 'filing-line-mismatch';
        if (!elsewhere && !isPassing(error)) throw error;
        if (this.#next > reached) {
          interruptions = 0;
          waits.reset();
        }
        reached = this.#next;
        if (++interruptions > MOST_INTERRUPTIONS) throw error;
        await delay(waitAfter(error, waits));
      }
    }
  }

  /** Asks how far the filing is, and notes the lines whose results were missed. */
  async #catchUp(): Promise<FilingState> {
    const state = await this.#state();
    if (state.nextLine > this.#next) this.#unreported.push({ from: this.#next, to: state.nextLine });
    if (state.nextLine < this.#next) throw malformed('the filing is behind the results it gave');
    this.#next = state.nextLine;
    return state;
  }

  async #state(): Promise<FilingState> {
    try {
      const reply = await this.#registry.exchange({ method: 'GET', path: this.#path });
      const parsed = readFiling.reply.safeParse(reply);
      if (!parsed.success) throw malformed('the state of the filing does not follow its contract');
      const { nextLine, changed, unchanged, refused } = parsed.data;
      return { nextLine, changed, unchanged, refused };
    } catch (error) {
      if (!(error instanceof RequestRefused) || error.problem.code !== 'unknown-filing') throw error;
      return { nextLine: 0, changed: 0, unchanged: 0, refused: 0 };
    }
  }

  /** One request with all lines from the next one on. @returns whether the filing is at its end */
  async #sendRest(): Promise<boolean> {
    const rest = new RemainingLines(this.#filing.lines(), this.#next);
    if (!(await rest.begin())) return true;
    const first = this.#next;
    const aborting = new AbortController();
    try {
      const response = await this.#registry.send({
        method: 'PUT',
        path: this.#path,
        headers: { 'content-type': 'application/x-ndjson', [FILING_FIRST_LINE_HEADER]: String(first) },
        body: ReadableStream.from(encodeLines(rest)),
        signal: aborting.signal,
      });
      await this.#readResults(response);
    } catch (error) {
      // When the lines themselves could not be read, the broken request is only the consequence.
      throw rest.failure ?? error;
    } finally {
      aborting.abort();
    }
    return rest.atEnd && this.#next === first + rest.given;
  }

  async #readResults(response: Response): Promise<void> {
    let held: FilingLineResult | undefined;
    for await (const result of this.#results(response)) {
      if (held !== undefined) await this.#report(held);
      held = result;
    }
    if (held === undefined) return;
    // The last line of an answer may say why the filing stopped, in the name of the line it stopped before.
    if (maySpeakForFiling(held) && (await this.#state()).nextLine <= held.line) return;
    await this.#report(held);
  }

  async *#results(response: Response): AsyncGenerator<FilingLineResult> {
    let expected = this.#next;
    const values = decodeLines(response.body ?? new ReadableStream());
    for (;;) {
      const { value, done } = await values.next().catch((cause) => {
        if (cause instanceof SyntaxError) throw malformed('a result is not JSON');
        throw new SluiceError('registry-unreachable', `the results broke off before line ${expected}`, { cause });
      });
      if (done) return;
      const parsed = filingLineResult.safeParse(value);
      if (!parsed.success || parsed.data.line !== expected) throw malformed(`not the result of line ${expected}`);
      expected++;
      yield parsed.data as FilingLineResult;
    }
  }

  async #report(result: FilingLineResult): Promise<void> {
    await this.#filing.onResult(result);
    this.#next = result.line + 1;
  }

  get #path(): string {
    return `/filings/${encodeURIComponent(this.#filing.filing)}`;
  }
}

/** The lines of a filing without those done, counted as they are given out. */
class RemainingLines implements AsyncIterable<FilingLine> {
  readonly #lines: AsyncIterator<FilingLine> | Iterator<FilingLine>;
  readonly #skip: number;
  #first: FilingLine | undefined;
  given = 0;
  atEnd = false;
  /** What the publisher's own lines threw. */
  failure: unknown;

  constructor(lines: Iterable<FilingLine> | AsyncIterable<FilingLine>, skip: number) {
    this.#lines = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
    this.#skip = skip;
  }

  /** Skips what is done. @returns whether anything is left */
  async begin(): Promise<boolean> {
    for (let line = 0; line <= this.#skip; line++) {
      const { value, done } = await this.#lines.next();
      if (done) return false;
      this.#first = value;
    }
    return true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FilingLine> {
    try {
      for (let line = this.#first; line !== undefined; ) {
        this.given++;
        yield line;
        const { value, done } = await this.#lines.next();
        line = done ? undefined : value;
      }
      this.atEnd = true;
    } catch (error) {
      this.failure = error;
      throw error;
    } finally {
      if (!this.atEnd) await this.#lines.return?.();
    }
  }
}

/** Codes that are about the service or the filing; a line by itself is not refused for them. */
function maySpeakForFiling({ status, problem }: FilingLineResult): boolean {
  if (status !== 'refused' || problem === undefined) return false;
  if (problem === 'filing-line-mismatch') return true;
  return Object.hasOwn(PROBLEMS, problem) && PROBLEMS[problem as keyof typeof PROBLEMS].retry;
}

function malformed(what: string): SluiceError {
  return new SluiceError('reply-malformed', `the registry's answer: ${what}`);
}
