import { Controller, Inject } from '@nestjs/common';
import { FILING_FIRST_LINE_HEADER, fileChanges, type ReplyOf } from '@sluice/contracts';
import {
  type Answer,
  Endpoint,
  Input,
  type InputOf,
  LOGGER,
  type Logger,
  Metrics,
  ProblemException,
  refuse,
  Shutdown,
  Turns,
} from '@sluice/platform';
import { Filings } from '../store/filings.js';
import { Publishers } from '../store/publishers.js';
import { Subjects } from '../store/subjects.js';
import { BATCH_LINES, Filing, FilingHalted } from './filing.js';
import { IncomingLines } from './incoming-lines.js';
import { resultStream } from './result-stream.js';

/** Each holds up to two batches of common lines in memory, as bytes, and waits for its turn; more would only wait longer. */
const MAX_OPEN_FILINGS = 16;
const RETRY_AFTER_S = 5;

/** Nothing is read while so much waits: a batch of common lines. */
const READ_AHEAD_BYTES = 384 * 1024;

/**
 * Of all filings: as many as the event store takes at once. The others wait as bytes, which take a sixth of what they
 * become. With a third batch read ahead, all that is under way outlives a young collection: registry then takes a tenth
 * more CPU under full load and 15 MB more.
 */
const LINES_AT_WORK = 2 * BATCH_LINES;

type Results = Answer<ReplyOf<typeof fileChanges>>;

@Controller()
export class FileChangesController {
  private open = 0;
  private readonly turns = new Turns(LINES_AT_WORK);
  private readonly lines;

  constructor(
    private readonly filings: Filings,
    private readonly publishers: Publishers,
    private readonly subjects: Subjects,
    private readonly shutdown: Shutdown,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    metrics.gauge('sluice_registry_open_filings', 'Bulk filings on their way', [], (gauge) => gauge.set(this.open));
    this.lines = metrics.counter('sluice_registry_filed_lines_total', 'Lines of bulk filings, by outcome', ['outcome']);
  }

  @Endpoint(fileChanges)
  async file(@Input() { params, principal, context, request }: InputOf<typeof fileChanges>): Promise<Results> {
    if (principal.kind !== 'agency') return refuse('not-allowed');
    const { agency } = principal;
    const filing = params.filing;
    if ((await this.publishers.publisher(agency, Date.now())) === undefined) return refuse('not-allowed');
    const firstLine = firstLineOf(request.headers[FILING_FIRST_LINE_HEADER]);
    if (firstLine === undefined) {
      return refuse('validation-failed', [{ path: `headers.${FILING_FIRST_LINE_HEADER}`, rule: 'line-number' }]);
    }
    const nextLine = (await this.filings.find(agency, filing))?.nextLine ?? 0;
    if (nextLine !== firstLine) throw new ProblemException('filing-line-mismatch', { members: { nextLine } });
    if (this.open >= MAX_OPEN_FILINGS) throw new ProblemException('queue-full', { retryAfterS: RETRY_AFTER_S });

    this.open++;
    const lines = new IncomingLines(request.raw, READ_AHEAD_BYTES);
    const filed = new Filing(
      { agency, filing, firstLine, context },
      lines,
      this.turns,
      this.publishers,
      this.subjects,
      {
        stopping: () => this.shutdown.stopping,
        applied: ({ changed, unchanged, refused }) => {
          this.lines.inc({ outcome: 'changed' }, changed);
          this.lines.inc({ outcome: 'unchanged' }, unchanged);
          this.lines.inc({ outcome: 'refused' }, refused);
        },
      },
    );
    try {
      const body = await resultStream(filed, (err) => {
        this.open--;
        lines.stop();
        if (err !== undefined) this.logger.warn({ err, requestId: request.id }, 'a filing was halted');
      });
      // The contract's reply is one line of many.
      return { body, headers: { 'content-type': 'application/x-ndjson' } } as unknown as Results;
    } catch (err) {
      throw err instanceof FilingHalted ? new ProblemException(err.code) : err;
    }
  }
}

/** The header's line number, 0 without one; `undefined` where it is none. */
function firstLineOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return 0;
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
