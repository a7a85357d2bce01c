import { once } from 'node:events';
import { stringify } from 'yaml';
import { type Colours, coloursFor, type Terminal } from '../terminal.js';
import { type Column, Table } from './table.js';

export const OUTPUT_FORMATS = ['table', 'json', 'jsonl', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Rows in portions, as they come: a portion is what one page or one file gave. */
export type Portions<T> = Iterable<readonly T[]> | AsyncIterable<readonly T[]>;

/** Writes results to standard output in the form that was asked for; nothing else goes there. */
export class Output {
  readonly #terminal: Terminal;
  readonly #format: OutputFormat;

  constructor(terminal: Terminal, format: OutputFormat) {
    this.#terminal = terminal;
    this.#format = format;
  }

  get isTable(): boolean {
    return this.#format === 'table';
  }

  /**
   * Rows of one kind: a table, an array, or a line each. Tables and lines are written as the portions come.
   * @param none what to say beside an empty table
   * @returns how many there were
   */
  async rows<T extends object>(portions: Portions<T>, columns: readonly Column<T>[], none: string): Promise<number> {
    const table = new Table(columns, this.#colours());
    const gathered: T[] = [];
    let count = 0;
    for await (const rows of portions) {
      count += rows.length;
      if (this.#format === 'table') await this.#writeLines(table.lines(rows));
      else if (this.#format === 'jsonl') await this.#writeLines(rows.map((row) => JSON.stringify(row)));
      else gathered.push(...rows);
    }
    if (this.#format === 'json' || this.#format === 'yaml') await this.#write(this.#whole(gathered));
    if (this.#format === 'table' && count === 0) this.#terminal.stderr.write(`${none}\n`);
    return count;
  }

  /** Things that a person reads otherwise than as a table: an array, a line each, or `text`. */
  async list(items: readonly object[], text: (colours: Colours) => string): Promise<void> {
    if (this.#format === 'table') await this.#write(`${text(this.#colours())}\n`);
    else if (this.#format === 'jsonl') await this.#writeLines(items.map((item) => JSON.stringify(item)));
    else await this.#write(this.#whole(items));
  }

  /** One thing. @param text how a person reads it, without the last newline */
  async report(document: object, text: (colours: Colours) => string): Promise<void> {
    if (this.#format === 'table') await this.#write(`${text(this.#colours())}\n`);
    else if (this.#format === 'jsonl') await this.#write(`${JSON.stringify(document)}\n`);
    else await this.#write(this.#whole(document));
  }

  /** Text that is the same in every form: a script to be evaluated. */
  async raw(text: string): Promise<void> {
    await this.#write(text);
  }

  #whole(document: object): string {
    return this.#format === 'json' ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document);
  }

  #colours(): Colours {
    return coloursFor(this.#terminal, this.#terminal.stdout);
  }

  async #writeLines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#write(`${lines.join('\n')}\n`);
  }

  /** Waits where the reader is slower than the source, so that a long result needs no memory. */
  async #write(text: string): Promise<void> {
    if (!this.#terminal.stdout.write(text)) await once(this.#terminal.stdout, 'drain');
  }
}
