import pc from 'picocolors';
import type { Colours } from '../terminal.js';
import { plainText } from './plain-text.js';

/** A column of a table: its title and what a row has there; undefined leaves the place empty. */
export interface Column<T> {
  title: string;
  of(row: T): string | number | undefined;
  /** Numbers stand better to the right. */
  align?: 'right';
  paint?(row: T, colours: Colours): (text: string) => string;
}

const GAP = '  ';

/**
 * Lines up rows that come in portions. Nothing is cut: a line that is too long for the screen can still be searched. The
 * widths grow with later portions, so the first one decides how most of the table looks.
 */
export class Table<T> {
  readonly #columns: readonly Column<T>[];
  readonly #colours: Colours;
  readonly #widths: number[];
  #begun = false;

  constructor(columns: readonly Column<T>[], colours = pc.createColors(false)) {
    this.#columns = columns;
    this.#colours = colours;
    this.#widths = columns.map(({ title }) => title.length);
  }

  /** The lines of a portion, with the titles before the first one. */
  lines(rows: readonly T[]): string[] {
    if (rows.length === 0) return [];
    const cells = rows.map((row) => this.#columns.map((column) => plainText(String(column.of(row) ?? ''))));
    for (const line of cells) {
      for (const [at, cell] of line.entries()) this.#widths[at] = Math.max(this.#widths[at] ?? 0, cell.length);
    }
    const lines = cells.map((line, index) => this.#line(line, rows[index] as T));
    if (this.#begun) return lines;
    this.#begun = true;
    return [this.#colours.bold(this.#line(this.#columns.map(({ title }) => title))), ...lines];
  }

  #line(cells: readonly string[], row?: T): string {
    const padded = cells.map((cell, at) => {
      const column = this.#columns[at] as Column<T>;
      const paint = row === undefined ? undefined : column.paint?.(row, this.#colours);
      const space = ' '.repeat(Math.max(0, (this.#widths[at] ?? 0) - cell.length));
      const text = paint && cell !== '' ? paint(cell) : cell;
      if (column.align === 'right') return space + text;
      return at === cells.length - 1 ? text : text + space;
    });
    return padded.join(GAP).trimEnd();
  }
}
