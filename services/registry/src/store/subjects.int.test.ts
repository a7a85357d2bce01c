import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStore } from '@sluice/event-store';
import { createTestDatabase } from '@sluice/local-stack';
import { createLogger, Shutdown } from '@sluice/platform';
import { BlindIndex, FileKeyProvider, SubjectKeys } from '@sluice/vault';
import pg from 'pg';
import { afterAll, expect, inject, test } from 'vitest';
import { type Provenance, textsOf } from '../domain/profile.js';
import { decideChange, decideRegistration } from '../domain/subject.js';
import { RegistryDatabase } from '../testing/registry-database.js';
import { Milestones } from './milestones.js';
import { SubjectCommands } from './subject-commands.js';
import { Subjects } from './subjects.js';

const MAX_EVENT_BYTES = 600;

const empty = await createTestDatabase(inject('pgUrl'));
const database = await RegistryDatabase.migrate(empty.url);
const keyDir = await mkdtemp(join(tmpdir(), 'registry-keys-'));
await FileKeyProvider.createRootKey(keyDir);
const provider = await FileKeyProvider.open(keyDir);
const pool = new pg.Pool({ connectionString: database.url });
pool.on('error', () => {}); // the database is dropped under its last connections
const keys = new SubjectKeys({ pool, provider });
const events = new EventStore({
  pool,
  schema: 'registry',
  maxEventBytes: MAX_EVENT_BYTES,
  prepare: (streams) => keys.preload(streams, false),
});
const logger = createLogger({ name: 'registry', instance: 'test', level: 'silent' });
const subjects = new Subjects(
  events,
  keys,
  new SubjectCommands(keys, new BlindIndex(await provider.secret('blind-index')), logger),
  new Milestones(pool, events, logger, new Shutdown(logger)),
);
afterAll(async () => {
  await events.close();
  await pool.end();
  await database.close();
  await empty.drop();
  await rm(keyDir, { recursive: true });
});

const provenance: Provenance = { assertedBy: 'agency:a', assertedAt: 1_700_000_000_000, assurance: 2 };
const context = { actor: 'agency:a', correlationId: randomUUID() };
const change = (subject: string, values: object) => ({
  subject,
  context,
  decide: (present: Parameters<typeof decideChange>[0]) =>
    decideChange(present, { values: textsOf(values), provenance }, undefined),
});

async function registered(): Promise<string> {
  const subject = randomUUID();
  const values = textsOf({ occupation: 'Clerk' });
  await subjects.register({
    subject,
    context,
    decide: (present) => decideRegistration(present, { values, provenance }),
  });
  return subject;
}

const LARGE = { formerNames: Array.from({ length: 10 }, (_, i) => `${i}`.repeat(80)) };

test('a change too large to be published is refused before anything of it is stored', async () => {
  const subject = await registered();
  expect(await subjects.execute(change(subject, LARGE))).toEqual({ refused: 'event-too-large' });
  expect(await subjects.load(subject)).toMatchObject({ version: 1 });
  const replies = await subjects.executeAll(
    [change(subject, { position: 'Senior' }), change(subject, LARGE), change(subject, { position: 'Junior' })],
    () => [],
  );
  expect(replies).toMatchObject([{ version: 2 }, { refused: 'event-too-large' }, { version: 3 }]);
  const { rows } = await database.admin.query<{ size: number }>(
    'select max(octet_length(payload)) as size from registry.event',
  );
  expect(rows[0]!.size).toBeLessThanOrEqual(MAX_EVENT_BYTES);
});

test('an erased person stays unknown: nothing is read, changed, or registered anew', async () => {
  const subject = await registered();
  await keys.destroy(subject);
  expect(await subjects.load(subject)).toBe('erased');
  expect(await subjects.execute(change(subject, { position: 'Senior' }))).toEqual({ refused: 'unknown-subject' });
  const values = textsOf({ occupation: 'Clerk' });
  const again = await subjects.register({
    subject,
    context,
    decide: (present) => decideRegistration(present, { values, provenance }),
  });
  expect(again).toEqual({ refused: 'already-registered' });
});
