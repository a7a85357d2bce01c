import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allocatorEnvironment } from './allocator.js';

let root: string;
const folders = () => [join(root, 'without'), join(root, 'with')];
const library = () => join(root, 'with', 'libjemalloc.so.2');

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-allocator-'));
  for (const folder of folders()) mkdirSync(folder);
  writeFileSync(library(), '');
});
afterAll(() => rmSync(root, { recursive: true }));

test('where jemalloc is installed, services preload it and give free memory back after a second', () => {
  const env = allocatorEnvironment({}, folders());
  expect(env.LD_PRELOAD).toBe(library());
  expect(env.MALLOC_CONF).toContain('dirty_decay_ms:1000');
});

test('where it is not, the C library keeps two heaps', () => {
  const env = allocatorEnvironment({}, [join(root, 'without'), join(root, 'nowhere')]);
  expect(env).not.toHaveProperty('LD_PRELOAD');
  expect(env.MALLOC_ARENA_MAX).toBe('2');
});

test.each(['/opt/other.so', ''])('what the operator preloads is left alone: "%s"', (LD_PRELOAD) => {
  expect(allocatorEnvironment({ LD_PRELOAD }, folders())).not.toHaveProperty('LD_PRELOAD');
});

test('the operator’s settings of jemalloc stand', () => {
  expect(allocatorEnvironment({ MALLOC_CONF: 'narenas:8' }, folders()).MALLOC_CONF).toBe('narenas:8');
});
