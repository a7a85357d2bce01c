import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ShownTable, SMALLEST_SHOWN, suppress } from './suppress.js';

/** What anybody can do with a table: solve the sums for the counts left out. Returns the hidden cells that come out exactly. */
function attack({ cells, rowTotals, columnTotals, total }: ShownTable): Set<string> {
  const whole = [...cells.map((row, r) => [...row, rowTotals[r]!]), [...columnTotals, total]];
  const names: string[] = [];
  for (const [r, row] of whole.entries())
    for (const [c, cell] of row.entries()) if (cell === null) names.push(`${r},${c}`);
  const equations: number[][] = [];
  const width = whole[0]!.length;
  const equation = (line: [number, number][]) => {
    const coefficients = new Array<number>(names.length).fill(0);
    for (const [i, [r, c]] of line.entries()) {
      const at = names.indexOf(`${r},${c}`);
      if (at >= 0) coefficients[at] = i === line.length - 1 ? -1 : 1;
    }
    equations.push(coefficients);
  };
  for (let r = 0; r < whole.length; r++) equation(Array.from({ length: width }, (_, c) => [r, c]));
  for (let c = 0; c < width; c++) equation(Array.from({ length: whole.length }, (_, r) => [r, c]));
  let rank = 0;
  for (let column = 0; column < names.length; column++) {
    const pivot = equations.findIndex((row, i) => i >= rank && Math.abs(row[column]!) > 1e-9);
    if (pivot < 0) continue;
    [equations[rank], equations[pivot]] = [equations[pivot]!, equations[rank]!];
    const by = equations[rank]!;
    const factor = by[column]!;
    for (let k = 0; k < by.length; k++) by[k]! /= factor;
    for (const [i, row] of equations.entries()) {
      const times = row[column]!;
      if (i === rank || times === 0) continue;
      for (let k = 0; k < row.length; k++) row[k]! -= times * by[k]!;
    }
    rank += 1;
  }
  const solved = equations.slice(0, rank).filter((row) => row.filter((value) => Math.abs(value) > 1e-9).length === 1);
  return new Set(solved.map((row) => names[row.findIndex((value) => Math.abs(value) > 1e-9)]!));
}

test('a total minus the others does not bring a small count back', () => {
  const { cells, rowTotals, columnTotals, total } = suppress([
    [100, 3, 50],
    [40, 60, 70],
  ]);
  expect(cells[0]![1]).toBeNull();
  for (const line of [
    [...cells[0]!, rowTotals[0]!],
    [cells[0]![1]!, cells[1]![1]!, columnTotals[1]!],
  ]) {
    expect(line.filter((count) => count === null).length).toBeGreaterThan(1);
  }
  expect(total).not.toBeUndefined();
});

test('large counts are all shown, and nothing is nothing', () => {
  expect(
    suppress([
      [10, 20],
      [0, 30],
    ]),
  ).toEqual({
    cells: [
      [10, 20],
      [0, 30],
    ],
    rowTotals: [30, 30],
    columnTotals: [10, 50],
    total: 60,
  });
  expect(suppress([])).toEqual({ cells: [], rowTotals: [], columnTotals: [], total: 0 });
});

test('two small counts beside large ones do not show as their small sum', () => {
  const { cells, rowTotals } = suppress([
    [3, 4, 500],
    [100, 200, 300],
  ]);
  if (rowTotals[0] !== null) expect(cells[0]).toEqual([null, null, null]);
});

test('whatever the table, no small count can be computed, and none that is shown is small', () => {
  const count = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 10, max: 1_000 }));
  const table = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(count, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
  fc.assert(
    fc.property(table, (counts) => {
      const shown = suppress(counts);
      const rows = counts.length;
      const columns = counts[0]!.length;
      const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
      const truth = (r: number, c: number) => {
        const inRow = (row: number) => (c === columns ? sumOf(counts[row]!) : counts[row]![c]!);
        return r === rows ? sumOf(counts.map((_, row) => inRow(row))) : inRow(r);
      };
      for (const name of attack(shown)) {
        const [r, c] = name.split(',').map(Number) as [number, number];
        expect(truth(r, c)).toBeGreaterThanOrEqual(SMALLEST_SHOWN);
      }
      const all = [...shown.cells.flat(), ...shown.rowTotals, ...shown.columnTotals, shown.total];
      for (const cell of all) if (cell !== null && cell !== 0) expect(cell).toBeGreaterThanOrEqual(SMALLEST_SHOWN);
      for (const [r, total] of shown.rowTotals.entries()) {
        if (total === null) continue;
        const left = total - sumOf(shown.cells[r]!.map((cell) => cell ?? 0));
        if (left !== 0) expect(left).toBeGreaterThanOrEqual(SMALLEST_SHOWN);
      }
    }),
    { numRuns: 300 },
  );
});
