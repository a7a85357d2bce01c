import type { Column } from '../output/table.js';
import type { LogEntry } from './entries.js';

export const ENTRY_COLUMNS: readonly Column<LogEntry>[] = [
  { title: 'INDEX', of: ({ index }) => index, align: 'right' },
  { title: 'ENTRY', of: ({ entry, base64 }) => entry ?? `base64:${base64}` },
];
