import { expect, test } from 'vitest';
import { csvEntry, csvLine, csvTitles } from './csv.js';

test('what a spreadsheet would run is text to it', () => {
  for (const formula of ['=HYPERLINK("http://x")', '+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', ' =1', '|calc']) {
    expect(csvLine([formula])).toBe(`"'${formula.replaceAll('"', '""')}"\r\n`);
  }
  expect(csvLine(['harbour-bank', 12, undefined, 'a"b', 'a,b\nc'])).toBe('"harbour-bank","12","","a""b","a,b\nc"\r\n');
});

test('a line has a cell for each title', () => {
  const entry = csvEntry({ id: '1', at: 'now', kind: 'read', actor: 'staff:x', attributes: [], detail: '=1' });
  expect(entry.split(',')).toHaveLength(csvTitles('en').split(',').length);
  expect(csvTitles('zh').split(',')).toHaveLength(csvTitles('en').split(',').length);
  expect(entry).toContain('"\'=1"');
});
