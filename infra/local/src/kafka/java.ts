import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StackFailure } from '../failure.js';

const OLDEST_JAVA = 17;

export interface Java {
  command: string;
  /** What it says of itself, build included. */
  version: string;
}

/** Java, known to be new enough for Kafka 4. Throws `java-missing`, `java-too-old`. */
export async function requireJava(): Promise<Java> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  let said: string;
  try {
    said = (await promisify(execFile)(java, ['-version'])).stderr;
  } catch (error) {
    throw new StackFailure(
      'java-missing',
      `Kafka needs Java ${OLDEST_JAVA} or newer and ${process.env.JAVA_HOME ? `JAVA_HOME (${process.env.JAVA_HOME}) holds none` : 'none is installed'}; install a JRE (Debian, Ubuntu: apt-get install openjdk-17-jre-headless), or name brokers of your own with SLUICE_KAFKA_BROKERS.`,
      { cause: error },
    );
  }
  // "17.0.15", but "1.8.0_412" before Java 9
  const version = Number(/version "(?:1\.)?(\d+)/.exec(said)?.[1] ?? Number.NaN);
  if (version < OLDEST_JAVA) {
    throw new StackFailure(
      'java-too-old',
      `Kafka needs Java ${OLDEST_JAVA} or newer and this is Java ${version}; install a newer JRE, or point JAVA_HOME to one.`,
    );
  }
  return { command: java, version: said };
}
