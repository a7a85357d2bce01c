import type { HistoryEntry, Label, Language } from '@sluice/contracts';

/** So that spreadsheets take the bytes for UTF-8. */
export const BYTE_ORDER_MARK = '\uFEFF';

/** What a spreadsheet may take for the beginning of a formula: OWASP, "CSV Injection". */
const FORMULA = /^\s*[=+\-@\t\r|%]/;

interface Column {
  title: Label;
  of(entry: HistoryEntry): string | number | undefined;
}

const COLUMNS: readonly Column[] = [
  { title: { en: 'Time', zh: '时间' }, of: ({ at }) => at },
  { title: { en: 'What happened', zh: '内容' }, of: ({ labels }) => labels?.text },
  { title: { en: 'Kind', zh: '类型' }, of: ({ kind }) => kind },
  { title: { en: 'By', zh: '操作方' }, of: ({ actor }) => actor },
  { title: { en: 'Recipient', zh: '接收方' }, of: ({ recipient }) => recipient },
  { title: { en: 'Attributes', zh: '信息项' }, of: ({ attributes }) => attributes.join(' ') },
  { title: { en: 'Purpose', zh: '用途' }, of: ({ labels, purpose }) => labels?.purpose ?? purpose },
  { title: { en: 'Basis', zh: '依据' }, of: ({ labels, basis }) => labels?.basis ?? basis },
  { title: { en: 'Grant', zh: '授权' }, of: ({ grant }) => grant },
  { title: { en: 'Channel', zh: '渠道' }, of: ({ channel }) => channel },
  { title: { en: 'Outcome', zh: '结果' }, of: ({ labels, outcome }) => labels?.outcome ?? outcome },
  { title: { en: 'Detail', zh: '说明' }, of: ({ detail }) => detail },
  { title: { en: 'Sealed until', zh: '保密至' }, of: ({ sealed }) => sealed?.until },
  { title: { en: 'Seal’s instrument', zh: '保密依据' }, of: ({ sealed }) => sealed?.instrument },
  { title: { en: 'Lane', zh: '通道' }, of: ({ lane }) => lane },
  { title: { en: 'Sequence', zh: '序号' }, of: ({ sequence }) => sequence },
  { title: { en: 'Entry', zh: '记录编号' }, of: ({ id }) => id },
];

export function csvTitles(language: Language): string {
  return csvLine(COLUMNS.map(({ title }) => title[language]));
}

export function csvEntry(entry: HistoryEntry): string {
  return csvLine(COLUMNS.map((column) => column.of(entry)));
}

/** RFC 4180: every cell quoted. A cell that could be a formula gets an apostrophe before it, which spreadsheets take for "this is text". */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  const quoted = cells.map((cell = '') => {
    const text = String(cell);
    const safe = typeof cell === 'string' && FORMULA.test(text) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  });
  return `${quoted.join(',')}\r\n`;
}
