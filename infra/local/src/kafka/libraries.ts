import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { diskFull, StackFailure } from '../failure.js';
import { CACHE_ROOT, PACKAGE_ROOT } from '../paths.js';
import type { Java } from './java.js';

const POM = join(PACKAGE_ROOT, 'kafka', 'pom.xml');

export interface KafkaLibraries {
  /** Java's class path. */
  classPath: string;
  /** See class-archive.ts; it may not exist. */
  classArchive: string;
}

/**
 * The broker's jars, fetched with Maven at the first use of this pom. Throws `maven-missing`, `kafka-libraries`,
 * `disk-full`.
 */
export async function kafkaLibraries(java: Java, onProgress?: (line: string) => void): Promise<KafkaLibraries> {
  const key = shortHash(readFileSync(POM));
  const libraries = join(CACHE_ROOT, `kafka-libs-${key}`);
  if (!existsSync(libraries)) await fetchInto(libraries, onProgress);
  return {
    classPath: join(libraries, '*'),
    classArchive: join(CACHE_ROOT, `kafka-classes-${key}-${shortHash(java.version)}.jsa`),
  };
}

async function fetchInto(libraries: string, onProgress?: (line: string) => void): Promise<void> {
  onProgress?.('Kafka: fetching its libraries with Maven (44 MB, first start only)');
  mkdirSync(CACHE_ROOT, { recursive: true });
  const fetched = mkdtempSync(join(CACHE_ROOT, 'fetching-'));
  try {
    await promisify(execFile)(
      'mvn',
      ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    publish(fetched, libraries);
  } catch (error) {
    throw explain(error);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

function shortHash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/** A complete folder appears at once or not at all; two stacks may fetch at the same time, and the first one wins. */
function publish(fetched: string, libraries: string): void {
  try {
    renameSync(fetched, libraries);
  } catch (error) {
    if (!existsSync(libraries)) throw error;
  }
}

function explain(error: unknown): unknown {
  const failure = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string };
  if (failure.code === 'ENOENT') {
    return new StackFailure(
      'maven-missing',
      'Kafka’s libraries are not here yet and Maven, which fetches them, is not installed; install it (Debian, Ubuntu: apt-get install maven), or name brokers of your own with SLUICE_KAFKA_BROKERS.',
      { cause: error },
    );
  }
  const said = `${failure.stdout ?? ''}${failure.stderr ?? ''}`;
  if (failure.code === 'ENOSPC' || said.includes('No space left')) return diskFull(CACHE_ROOT, error);
  if (failure.stdout === undefined) return error;
  const reason = said.split('\n').find((line) => line.includes('[ERROR]')) ?? said.trim().split('\n')[0] ?? '';
  return new StackFailure(
    'kafka-libraries',
    `Maven could not fetch Kafka’s libraries; check that it reaches its repository (network, proxy in ~/.m2/settings.xml), then start again: ${reason.replace('[ERROR]', '').trim()}`,
    { cause: error },
  );
}
