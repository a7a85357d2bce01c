/** A count below this could be about somebody whom others know. */
export const SMALLEST_SHOWN = 10;

/** A table of counts with its sums; null where a count is not shown. */
export interface ShownTable {
  cells: (number | null)[][];
  rowTotals: (number | null)[];
  columnTotals: (number | null)[];
  total: number | null;
}

/**
 * Leaves out small counts, and as many others as it takes that no small one can be computed from what is shown.
 *
 * The hidden cells are edges between the vertices "row" and "column", totals being a row and a column like any other. A
 * hidden cell can be computed exactly when its edge lies on no cycle (Gusfield, "A graph theoretic approach to statistical
 * data security", 1988); then the cheapest way to close one is hidden too. And where a line's total is shown, what is
 * hidden in it comes to `SMALLEST_SHOWN` at least.
 */
export function suppress(counts: readonly (readonly number[])[]): ShownTable {
  const whole = withTotals(counts);
  const hidden = whole.map((row) => row.map(isSmall));
  let changed = true;
  while (changed) {
    changed = false;
    for (const line of linesOf(whole)) changed = hideSmallSums(whole, hidden, line) || changed;
    for (const [r, row] of whole.entries()) {
      for (const [c, count] of row.entries()) {
        if (isSmall(count) && closeCycle(whole, hidden, [r, c])) changed = true;
      }
    }
  }
  const shown = whole.map((row, r) => row.map((count, c) => (hidden[r]![c] ? null : count)));
  const last = shown.pop()!;
  return {
    cells: shown.map((row) => row.slice(0, -1)),
    rowTotals: shown.map((row) => row.at(-1)!),
    columnTotals: last.slice(0, -1),
    total: last.at(-1)!,
  };
}

type Cell = readonly [row: number, column: number];
type Table = readonly (readonly number[])[];

function isSmall(count: number): boolean {
  return count > 0 && count < SMALLEST_SHOWN;
}

function withTotals(counts: Table): number[][] {
  const rows = counts.map((row) => [...row, sum(row)]);
  const width = rows[0]?.length ?? 1;
  return [...rows, Array.from({ length: width }, (_, c) => sum(rows.map((row) => row[c]!)))];
}

/** Every row and every column, its total last. */
function linesOf(table: Table): Cell[][] {
  const [height, width] = [table.length, table[0]!.length];
  const rows = Array.from({ length: height }, (_, r) => Array.from({ length: width }, (_, c): Cell => [r, c]));
  const columns = Array.from({ length: width }, (_, c) => Array.from({ length: height }, (_, r): Cell => [r, c]));
  return [...rows, ...columns];
}

function hideSmallSums(table: Table, hidden: boolean[][], line: readonly Cell[]): boolean {
  const isHidden = ([r, c]: Cell) => hidden[r]![c]!;
  const at = ([r, c]: Cell) => table[r]![c]!;
  const total = line.at(-1)!;
  const parts = line.slice(0, -1);
  const left = sum(parts.filter(isHidden).map(at));
  if (isHidden(total) || left === 0 || left >= SMALLEST_SHOWN) return false;
  const [smallest = total] = parts.filter((cell) => !isHidden(cell) && at(cell) > 0).sort((a, b) => at(a) - at(b));
  hidden[smallest[0]]![smallest[1]] = true;
  return true;
}

/** Hides the cheapest way from a cell's row to its column that does not pass the cell itself, unless one is hidden already. */
function closeCycle(table: Table, hidden: boolean[][], [row, column]: Cell): boolean {
  const height = table.length;
  const vertices = height + table[0]!.length;
  const cost = new Array<number>(vertices).fill(Number.POSITIVE_INFINITY);
  const by = new Array<Cell | undefined>(vertices);
  const done = new Set<number>();
  cost[row] = 0;
  while (!done.has(height + column)) {
    const vertex = cheapest(cost, done);
    if (vertex === undefined) return false;
    done.add(vertex);
    for (let other = 0; other < (vertex < height ? table[0]!.length : height); other++) {
      const [r, c] = vertex < height ? [vertex, other] : [other, vertex - height];
      const count = table[r]![c]!;
      if (count === 0 || (r === row && c === column)) continue;
      const to = vertex < height ? height + c : r;
      const step = cost[vertex]! + (hidden[r]![c] ? 0 : count);
      if (step >= cost[to]!) continue;
      cost[to] = step;
      by[to] = [r, c];
    }
  }
  let changed = false;
  for (let vertex = height + column; vertex !== row; ) {
    const [r, c] = by[vertex]!;
    changed ||= !hidden[r]![c];
    hidden[r]![c] = true;
    vertex = vertex < height ? height + c : r;
  }
  return changed;
}

function cheapest(cost: readonly number[], done: ReadonlySet<number>): number | undefined {
  let best: number | undefined;
  for (const [vertex, price] of cost.entries()) {
    if (done.has(vertex) || price === Number.POSITIVE_INFINITY) continue;
    if (best === undefined || price < cost[best]!) best = vertex;
  }
  return best;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
