import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireJava } from '../kafka/java.js';
import { CACHE_ROOT, PACKAGE_ROOT } from '../paths.js';
import { freePorts } from '../ports.js';

const POM = join(PACKAGE_ROOT, 's3', 'pom.xml');
const START_TIMEOUT_MS = 240_000;
const POLL_MS = 100;

/** An S3-compatible server with one empty bucket. */
export interface S3Server {
  /** Of the bucket, without a slash at its end. */
  bucketUrl: string;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1; its jar is fetched with Maven at the first use (61 MB). */
export async function startS3Server(): Promise<S3Server> {
  const [{ command }, jar, [port, tlsPort]] = await Promise.all([requireJava(), fetchedJar(), freePorts(2)]);
  const root = mkdtempSync(join(tmpdir(), 'sluice-s3-'));
  const server = spawn(command, ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', jar], {
    stdio: 'ignore',
    env: {
      ...process.env,
      COM_ADOBE_TESTING_S3MOCK_HTTPPORT: String(port),
      SERVER_PORT: String(tlsPort),
      COM_ADOBE_TESTING_S3MOCK_STORE_ROOT: root,
      COM_ADOBE_TESTING_S3MOCK_STORE_INITIAL_BUCKETS: 'log',
    },
  });
  const bucketUrl = `http://127.0.0.1:${port}/log`;
  const stop = async () => {
    const ended = server.exitCode === null ? once(server, 'exit') : undefined;
    server.kill('SIGKILL');
    await ended;
    rmSync(root, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(`${bucketUrl}?list-type=2`))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error('the S3-compatible server did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { bucketUrl, stop };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A complete folder appears at once or not at all. */
async function fetchedJar(): Promise<string> {
  const folder = join(
    CACHE_ROOT,
    `s3-server-${createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12)}`,
  );
  if (!existsSync(folder)) {
    mkdirSync(CACHE_ROOT, { recursive: true });
    const fetched = mkdtempSync(join(CACHE_ROOT, 'fetching-'));
    const args = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`];
    await promisify(execFile)('mvn', args, { maxBuffer: 16 * 1024 * 1024 });
    if (existsSync(folder)) rmSync(fetched, { recursive: true });
    else renameSync(fetched, folder);
  }
  const jar = readdirSync(folder).find((name) => name.endsWith('.jar'));
  if (jar === undefined) throw new Error(`there is no jar in ${folder}`);
  return join(folder, jar);
}
