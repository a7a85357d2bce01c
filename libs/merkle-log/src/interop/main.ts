/**
 * Has other people's tools read what we write: `npm run interop` in this workspace needs Go, and the Go module proxy the
 * first time. With `--write` it makes the golden log anew before checking it.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileHighWater, FileTileStorage, LogWriter, NoteKey } from '../index.js';
import { GOLDEN_FOLDER, testKey, writeGoldenLog } from '../testing/golden-log.js';
import { serveLog } from '../testing/log-server.js';

const GO_MODULE = fileURLToPath(new URL('../../interop/', import.meta.url));

/** Sizes after each batch: on and around the places where tiles fill up, and one log with three levels. */
const LOGS = [[1], [2, 255], [256], [257], [300, 512, 700], [65_535, 65_536], [40_000, 65_836]];

const scratch = await mkdtemp(join(tmpdir(), 'sluice-interop-'));
try {
  await checkGolden(fileURLToPath(GOLDEN_FOLDER));
  for (const [at, sizes] of LOGS.entries()) await checkLog(join(scratch, String(at)), sizes);
  console.log('everything was accepted');
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true });
}

async function checkGolden(golden: string): Promise<void> {
  if (process.argv.includes('--write')) {
    await writeGoldenLog(join(scratch, 'golden'), scratch);
    await rm(golden, { recursive: true, force: true });
    await cp(join(scratch, 'golden'), golden, { recursive: true });
  }
  const file = (name: string) => join(golden, name);
  const arguments_ = ['-witness', await keyIn(file('witness-key')), '-older', file('older-checkpoint')];
  arguments_.push('-proof', file('consistency-proof'), '-receipt', file('receipt.tlog-proof'), '-leaf', file('leaf'));
  console.log('the golden log');
  await check(file('log'), await keyIn(file('log-key')), arguments_);
}

async function checkLog(folder: string, sizes: number[]): Promise<void> {
  console.log(`a log of ${sizes.join(', ')} leaves`);
  const key = new NoteKey('log.example/interop', testKey(3));
  const storage = new FileTileStorage(join(folder, 'log'));
  const writer = await LogWriter.open({ storage, highWater: new FileHighWater(join(folder, 'high-water')), key });
  for (const size of sizes) {
    const first = writer.head.size;
    await writer.append(Array.from({ length: size - first }, (_, at) => Buffer.from(`leaf ${first + at}`)));
  }
  await check(join(folder, 'log'), key.verifierKey, []);
}

async function check(folder: string, key: string, further: string[]): Promise<void> {
  const server = await serveLog(folder);
  try {
    await run('go', ['run', '.', '-url', server.url, '-key', key, ...further]);
  } finally {
    await server.close();
  }
}

async function keyIn(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

function run(command: string, further: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, further, { cwd: GO_MODULE, stdio: 'inherit' });
    child.on('error', (cause) =>
      reject(new Error(`${command} could not be started: this check needs Go 1.26`, { cause })),
    );
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error('the Go tools refused the log'))));
  });
}
