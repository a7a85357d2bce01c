import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDataDir } from '../testing/test-infrastructure.js';
import { DirectoryLock } from './directory-lock.js';
import { birthOf } from './identity.js';

let dataDir: ReturnType<typeof temporaryDataDir>;
beforeEach(() => {
  dataDir = temporaryDataDir();
});
afterEach(() => dataDir.remove());

test('is held by one and given back', () => {
  const lock = DirectoryLock.acquire(dataDir.path);
  expect(() => DirectoryLock.acquire(dataDir.path)).toThrow(`Another stack (process ${process.pid}) is using`);
  lock.release();
  DirectoryLock.acquire(dataDir.path).release();
  expect(readdirSync(dataDir.path)).toEqual([]);
});

test('of a process that is gone is void, also when its id was given to another one', () => {
  writeFileSync(join(dataDir.path, 'stack.lock'), JSON.stringify({ pid: process.pid, birth: 'another boot:1' }));
  const lock = DirectoryLock.acquire(dataDir.path);
  expect(existsSync(join(dataDir.path, 'stack.lock'))).toBe(true);
  lock.release();
});

test('that was cut off while being written is void', () => {
  writeFileSync(join(dataDir.path, 'stack.lock'), '{"pid":');
  DirectoryLock.acquire(dataDir.path).release();
});

test('a process is named by more than its id', () => {
  expect(birthOf(process.pid)).toBe(birthOf(process.pid));
  expect(birthOf(1)).not.toBe(birthOf(process.pid));
  expect(birthOf(2 ** 22 + 1)).toBeUndefined();
});
