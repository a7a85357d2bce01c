import pc from 'picocolors';
import type { Figure, Run } from '../scenarios/scenario.js';
import type { Conditions } from './conditions.js';
import { isMet, type ScenarioResult } from './document.js';

const SUFFIX = { atLeast: 'at least', atMost: 'at most' } as const;

export function conditionsTable(conditions: Conditions): string {
  const { cpu, cores, memoryGb, system, node, postgres, kafka, allocator, persons, fanOut, loadAverage } = conditions;
  return [
    `${cores} cores of ${cpu}, ${number(memoryGb)} GB, ${system}; load average before the start ${number(loadAverage)}`,
    `Node ${node}, PostgreSQL ${postgres}, Kafka ${kafka}, memory by ${allocator}; ${number(persons)} persons, ${fanOut} recipients each`,
  ]
    .map((line) => pc.dim(line))
    .join('\n');
}

export function scenarioTables({ scenario, runs, failure }: ScenarioResult): string {
  const parts = runs.map((run) => runTable(scenario, run));
  if (failure !== undefined) parts.push(`${pc.bold(scenario)} ${pc.red(`could not be measured: ${failure}`)}`);
  return `${parts.join('\n\n')}\n`;
}

function runTable(scenario: string, { title, figures, cost }: Run): string {
  const lines = [
    pc.bold(`${scenario}: ${title}`),
    ...aligned(figures.map(figureRow), ['left', 'right', 'left', 'left']),
  ];
  if (cost !== undefined) {
    const head = ['process', `us CPU a ${cost.per}`, 'cores', 'MB at the end', 'MB at most'].map(pc.dim);
    const rows = cost.processes.map(({ name, cpuUs, cores, residentMb, highestMb }) => [
      name,
      number(cpuUs),
      cores.toFixed(2),
      number(residentMb),
      number(highestMb),
    ]);
    const total = cost.processes.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
    lines.push('', ...aligned([head, ...rows, ['all', number(total)]], ['left', 'right', 'right', 'right', 'right']));
    lines.push(
      pc.dim(
        `  the machine: ${share(cost.idle)} idle, ${share(cost.others)} other processes, ${share(cost.stolen)} stolen`,
      ),
    );
  }
  return lines.join('\n');
}

function figureRow(figure: Figure): string[] {
  const { what, value, unit, target } = figure;
  const row = [what, value === null ? 'none' : number(value), unit];
  if (target === undefined) return row;
  const wanted = Object.entries(target).map(
    ([bound, limit]) => `${SUFFIX[bound as keyof typeof SUFFIX]} ${number(limit)}`,
  );
  const mark = isMet(figure) ? pc.green('✓') : pc.red('✗');
  return [...row, `${mark} ${wanted}`];
}

/** Three significant digits below a thousand, whole numbers above. */
function number(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function aligned(rows: string[][], sides: ('left' | 'right')[]): string[] {
  const widths = sides.map((_, column) => Math.max(...rows.map((row) => plain(row[column] ?? '').length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const space = ' '.repeat(widths[column]! - plain(cell).length);
      return sides[column] === 'left' ? cell + space : space + cell;
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

/** Without the colours, which take no room. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  return text.replace(/\x1b\[\d+m/g, '');
}
