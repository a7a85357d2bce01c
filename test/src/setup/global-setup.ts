import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareClassArchive, startTestInfrastructure } from '@sluice/local-stack';
import { parseCLI, type TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** PostgreSQL as its administrator; make a database of your own with `createTestDatabase(inject('pgUrl'))`. */
    pgUrl: string;
    /** Kafka's INTERNAL listener (SCRAM-SHA-512) as a super user; prefix names with `uniquePrefix()`. */
    kafka: { brokers: string[]; username: string; password: string };
    /** Kafka's AGENCY listener (OAUTHBEARER), and the issuer that gives its tokens to the bearer of `secret`. */
    agencyKafka: { brokers: string[]; tokenUrl: string; secret: string };
  }
}

/** One PostgreSQL and one Kafka for all tests of a run. Unit tests alone do not wait for them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const removeTemporary = ownTemporaryDirectory();
  const { filter } = parseCLI(['vitest', ...process.argv.slice(2)]);
  const { testFiles } = await project.globTestFiles(filter);
  if (testFiles.every((file) => file.endsWith('.unit.test.ts'))) return async () => removeTemporary();
  await prepareClassArchive();
  const infrastructure = await startTestInfrastructure();
  project.provide('pgUrl', infrastructure.postgres!.url);
  project.provide('kafka', { brokers: infrastructure.kafka!.internal, ...infrastructure.kafka!.admin });
  project.provide('agencyKafka', {
    brokers: infrastructure.kafka!.agency,
    tokenUrl: `${infrastructure.issuer.url}/token`,
    secret: infrastructure.data.secrets.get('issuer-token'),
  });
  return async () => {
    await infrastructure.stop();
    removeTemporary();
  };
}

/**
 * Folders that tests make in the temporary directory, those of tests that fail or are killed too, go with the run: the
 * processes of the tests, and whatever they start, get theirs from this one.
 */
function ownTemporaryDirectory(): () => void {
  const outer = process.env.TMPDIR;
  const path = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  chmodSync(path, 0o755); // as root, PostgreSQL runs as another user and has to enter
  process.env.TMPDIR = path;
  return () => {
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
}
