import type { ProblemCode } from '@sluice/contracts';
import type { EventContext } from '@sluice/event-store';
import type { Turns } from '@sluice/platform';
import { recordingProblem } from '@sluice/recording';
import { assertAttributes, type Publisher } from '../domain/assertion.js';
import { decideChange } from '../domain/subject.js';
import { Filings, type LineCounts } from '../store/filings.js';
import type { Publishers } from '../store/publishers.js';
import type { SubjectCommand, SubjectReply } from '../store/subject-commands.js';
import type { Subjects } from '../store/subjects.js';
import { type FiledChange, type RefusedLine, readLine } from './filing-line.js';
import type { IncomingLines } from './incoming-lines.js';
import type { RawLine } from './line-splitter.js';

/** Lines of one transaction: its cost is spread, and others need not wait long. */
export const BATCH_LINES = 500;

/** What became of one line, without its number. */
type LineOutcome =
  | { readonly status: 'changed' | 'unchanged'; readonly version: number }
  | { readonly status: 'refused'; readonly problem: ProblemCode };

/** The filing cannot go on: the line the halt names and those after it are not done. */
export class FilingHalted extends Error {
  override readonly name = 'FilingHalted';

  constructor(
    readonly code: ProblemCode,
    options?: ErrorOptions,
  ) {
    super('the filing cannot go on', options);
  }
}

export interface FilingRequest {
  readonly agency: string;
  readonly filing: string;
  /** Number of the first line to come. */
  readonly firstLine: number;
  readonly context: EventContext;
}

/** What a filing asks and tells while it goes on. */
export interface FilingWatch {
  /** Whether the service stops: no further batch is begun then. */
  stopping(): boolean;
  /** A batch is committed. */
  applied(counts: LineCounts): void;
}

/** Applies the lines of one request of a filing in order, in batches, each with the filing's progress in one transaction. */
export class Filing {
  private nextLine: number;

  constructor(
    private readonly request: FilingRequest,
    private readonly lines: IncomingLines,
    private readonly turns: Turns,
    private readonly publishers: Publishers,
    private readonly subjects: Subjects,
    private readonly watch: FilingWatch,
  ) {
    this.nextLine = request.firstLine;
  }

  /** The number of the first line that is not done. */
  get line(): number {
    return this.nextLine;
  }

  /** Results of the lines as NDJSON, batch by batch, each after its commit. @throws FilingHalted */
  async *results(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const batch = await this.lines.take(BATCH_LINES);
      if (batch.length === 0) return;
      const from = this.nextLine;
      const outcomes = await this.turns.take(() => this.apply(batch, from), batch.length);
      this.nextLine += outcomes.length;
      this.watch.applied(countOf(outcomes));
      yield Buffer.from(outcomes.map((outcome, i) => resultLine(from + i, outcome)).join(''));
    }
  }

  /** Empties `batch`. */
  private async apply(batch: RawLine[], from: number): Promise<LineOutcome[]> {
    if (this.watch.stopping()) throw new FilingHalted('not-ready');
    const { agency, filing } = this.request;
    const now = Date.now();
    try {
      const publisher = await this.publishers.publisher(agency, now);
      const commands: SubjectCommand[] = [];
      // A line becomes a command, or is refused before it does.
      const early = batch.map((line) => {
        const command = this.commandFor(readLine(line), publisher, now);
        if ('refused' in command) return command;
        commands.push(command);
        return undefined;
      });
      // While they are stored, nothing else is kept of the lines.
      batch.length = 0;
      const replies = await this.subjects.executeAll(commands, (answered) => [
        Filings.advancing(agency, filing, from, countOf(inOrder(early, answered))),
      ]);
      return inOrder(early, replies);
    } catch (error) {
      const code = Filings.goesOnElsewhere(error) ? 'filing-line-mismatch' : recordingProblem(error);
      throw code === undefined ? error : new FilingHalted(code, { cause: error });
    }
  }

  private commandFor(
    line: FiledChange | RefusedLine,
    publisher: Publisher | undefined,
    now: number,
  ): SubjectCommand | { refused: ProblemCode } {
    if ('refused' in line) return line;
    if (publisher === undefined) return { refused: 'may-not-assert' };
    const assurance = assertAttributes(line.set, publisher, line.evidence !== undefined);
    if (typeof assurance !== 'number') return assurance;
    const { subject, values, evidence }: FiledChange = line;
    const { context } = this.request;
    const provenance = {
      assertedBy: context.actor,
      assertedAt: now,
      assurance,
      ...(evidence !== undefined && { evidence }),
    };
    return { subject, context, decide: (present) => decideChange(present, { values, provenance }, undefined) };
  }
}

/** Outcomes in the order of the lines: `replies` are those of the lines that were not refused early. */
function inOrder(early: readonly ({ refused: ProblemCode } | undefined)[], replies: SubjectReply[]): LineOutcome[] {
  let next = 0;
  return early.map((refused) => outcomeOf(refused ?? replies[next++]!));
}

function outcomeOf(reply: SubjectReply | { refused: ProblemCode }): LineOutcome {
  if ('refused' in reply) return { status: 'refused', problem: reply.refused };
  return { status: reply.changed.length > 0 ? 'changed' : 'unchanged', version: reply.version };
}

function countOf(outcomes: readonly LineOutcome[]): LineCounts {
  const counts = { changed: 0, unchanged: 0, refused: 0 };
  for (const { status } of outcomes) counts[status]++;
  return counts;
}

export function resultLine(line: number, outcome: LineOutcome): string {
  return outcome.status === 'refused'
    ? `{"line":${line},"status":"refused","problem":"${outcome.problem}"}\n`
    : `{"line":${line},"status":"${outcome.status}","version":${outcome.version}}\n`;
}
