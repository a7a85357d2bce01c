import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Captured } from '../testing/run-sluice.js';
import { Output, type OutputFormat } from './output.js';
import type { Column } from './table.js';

interface Row {
  name: string;
  count?: number;
}

const COLUMNS: Column<Row>[] = [
  { title: 'NAME', of: ({ name }) => name, paint: (_, { red }) => red },
  { title: 'COUNT', of: ({ count }) => count, align: 'right' },
];
const ROWS: Row[] = [{ name: 'harbour-bank', count: 7 }, { name: 'tax' }];

function outputs(format: OutputFormat, env: NodeJS.ProcessEnv = {}, isTTY = false) {
  const [stdout, stderr] = [new Captured(), new Captured()];
  stdout.isTTY = isTTY;
  return { output: new Output({ stdin: new PassThrough(), stdout, stderr, env }, format), stdout, stderr };
}

async function rows(format: OutputFormat, portions: Row[][], env?: NodeJS.ProcessEnv, isTTY?: boolean) {
  const { output, stdout, stderr } = outputs(format, env, isTTY);
  const count = await output.rows(portions, COLUMNS, 'None.');
  return { count, out: stdout.text, err: stderr.text };
}

describe('rows', () => {
  test('as a table, with numbers to the right and nothing cut', async () => {
    expect(await rows('table', [ROWS])).toEqual({
      count: 2,
      out: 'NAME          COUNT\nharbour-bank      7\ntax\n',
      err: '',
    });
  });

  test('that come later keep the widths of the first', async () => {
    const { out } = await rows('table', [[{ name: 'harbour-bank', count: 1 }], [{ name: 'tax', count: 2 }]]);
    expect(out).toBe('NAME          COUNT\nharbour-bank      1\ntax               2\n');
  });

  test('as JSON, as lines of JSON, as YAML', async () => {
    expect(JSON.parse((await rows('json', [ROWS, ROWS])).out)).toEqual([...ROWS, ...ROWS]);
    expect((await rows('jsonl', [ROWS])).out).toBe('{"name":"harbour-bank","count":7}\n{"name":"tax"}\n');
    expect(parse((await rows('yaml', [ROWS])).out)).toEqual(ROWS);
  });

  test('that are none: programs read an empty result, people a word beside it', async () => {
    expect(await rows('table', [])).toEqual({ count: 0, out: '', err: 'None.\n' });
    expect(await rows('json', [])).toEqual({ count: 0, out: '[]\n', err: '' });
    expect(await rows('jsonl', [[]])).toEqual({ count: 0, out: '', err: '' });
  });

  test('as lines are written before the last has come', async () => {
    const { output, stdout } = outputs('jsonl');
    async function* portions() {
      yield [ROWS[0]!];
      expect(stdout.text).toBe('{"name":"harbour-bank","count":7}\n');
      yield [ROWS[1]!];
    }
    expect(await output.rows(portions(), COLUMNS, '')).toBe(2);
  });

  test('cannot move the cursor of whoever reads them', async () => {
    expect((await rows('table', [[{ name: '\u001b[1A' }]])).out).toContain('\\x1b[1A');
  });
});

describe('colours', () => {
  test('are for terminals', async () => {
    expect((await rows('table', [ROWS], {}, true)).out).toContain('\u001b[31mharbour-bank');
    expect((await rows('table', [ROWS], {}, false)).out).not.toContain('\u001b');
  });

  test('are spared whoever sets NO_COLOR, or has a dumb terminal', async () => {
    expect((await rows('table', [ROWS], { NO_COLOR: '1' }, true)).out).not.toContain('\u001b');
    expect((await rows('table', [ROWS], { TERM: 'dumb' }, true)).out).not.toContain('\u001b');
    expect((await rows('json', [ROWS], {}, true)).out).not.toContain('\u001b');
  });
});
