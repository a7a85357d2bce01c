import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VALUES } from '../demo/cast.js';
import { Facts } from '../demo/facts.js';
import { Narrator } from '../demo/narrator.js';
import { Story } from '../demo/story.js';
import { System } from './system.js';

let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(() => system?.stop());

/** Every clear text that the persons of the demo have given, whole and in its telling parts. */
const CLEAR = [
  ...Object.values(VALUES).flatMap((value) =>
    typeof value === 'string' ? [value, value.slice(3)] : Object.values(value).filter((part) => part.length > 6),
  ),
  '文三路 478',
  '张杨路 2389',
];

test('after the demo, no personal value stands in clear in a table, a topic, a log or any file at rest', async () => {
  const facts = new Facts();
  await new Story(system.access, new Narrator(facts, true)).play();
  expect(facts.broken).toEqual([]);

  for (const url of Object.values(system.access.urls)) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(CLEAR.filter((text) => metrics.includes(text))).toEqual([]);
  }
  expect(await foundInTables()).toEqual([]);
  // Clean stops flush everything to disk; then the folder holds all there is: tables, WAL, topics, logs.
  await system.stack.stop();
  expect(foundInFiles(system.dataDir)).toEqual([]);
}, 300_000);

/** Rows as text: what is compressed on disk is not here. Bytes appear as hex, so each value is sought in that form too. */
async function foundInTables(): Promise<string[]> {
  const { rows: tables } = await system.query(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  expect(tables.length).toBeGreaterThan(20);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await system.query(`select t::text as row from ${name} t`);
    for (const text of CLEAR) {
      const hex = Buffer.from(text).toString('hex');
      if (rows.some(({ row }) => row.includes(text) || row.includes(hex))) found.push(`${name}: ${text}`);
    }
  }
  return found;
}

function foundInFiles(folder: string): string[] {
  const found: string[] = [];
  let files = 0;
  for (const entry of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, entry);
    if (!statSync(path).isFile()) continue;
    files += 1;
    const bytes = readFileSync(path);
    for (const text of CLEAR) if (bytes.includes(text)) found.push(`${entry}: ${text}`);
  }
  expect(files).toBeGreaterThan(100);
  return found;
}
