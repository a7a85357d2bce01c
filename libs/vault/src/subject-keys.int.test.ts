import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { FileKeyProvider } from './file-key-provider.js';
import type { KeyProvider } from './key-provider.js';
import { open, seal } from './seal.js';
import { SubjectKeys } from './subject-keys.js';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const suffix = randomUUID().slice(0, 8);
const database = `vault_${suffix}`;
const writer = `vault_writer_${suffix}`;
const reader = `vault_reader_${suffix}`;

let admin: Client;
let owner: Pool;
let writing: Pool;
let reading: Pool;
let dir: string;
let provider: FileKeyProvider;

function urlFor(user?: string): string {
  const url = new URL(inject('pgUrl'));
  url.pathname = `/${database}`;
  if (user !== undefined) Object.assign(url, { username: user, password: 'test' });
  return url.href;
}

async function migrate(file: string, role: string): Promise<void> {
  const sql = await readFile(new URL(file, MIGRATIONS), 'utf8');
  await owner.query(sql.replaceAll('{{schema}}', 'vault').replaceAll('{{role}}', role));
}

beforeAll(async () => {
  admin = new Client(inject('pgUrl'));
  await admin.connect();
  await admin.query(`create database ${database}`);
  for (const role of [writer, reader]) await admin.query(`create role ${role} login password 'test'`);
  owner = new Pool({ connectionString: urlFor() });
  writing = new Pool({ connectionString: urlFor(writer) });
  reading = new Pool({ connectionString: urlFor(reader) });
  await migrate('010-data-key.sql', writer);
  await migrate('reader/011-data-key-reader.sql', reader);
  dir = await mkdtemp(join(tmpdir(), 'sluice-vault-'));
  await FileKeyProvider.createRootKey(dir);
  provider = await FileKeyProvider.open(dir);
});

afterAll(async () => {
  await Promise.all([owner, writing, reading].map((pool) => pool.end()));
  // Without force: the pools' sessions are just ending, and PostgreSQL waits for them.
  await admin.query(`drop database ${database}`);
  for (const role of [writer, reader]) await admin.query(`drop role ${role}`);
  await admin.end();
  await rm(dir, { recursive: true });
});

let subject: string;
beforeEach(() => {
  subject = randomUUID();
});

const keysOf = (pool: Pool, maxCached = 100) => new SubjectKeys({ pool, provider, maxCached });

describe('subject keys', () => {
  it('are created when asked for, and are the same in a process that may only read', async () => {
    const registry = keysOf(writing);
    await registry.preload([subject], true);
    const sealed = seal(registry.get(subject)!, 'place', Buffer.from('value'));

    const delivery = keysOf(reading);
    await delivery.preload([subject], false);
    expect(open(delivery.get(subject)!, 'place', sealed).toString()).toBe('value');
  });

  it('are not created unasked; one created later is then found', async () => {
    const delivery = keysOf(reading);
    await delivery.preload([subject], false);
    expect(delivery.get(subject)).toBeUndefined();
    await keysOf(writing).preload([subject], true);
    await delivery.preload([subject], false);
    expect(delivery.get(subject)).toBeDefined();
  });

  it('agree when several processes create them at once', async () => {
    const subjects = Array.from({ length: 40 }, () => randomUUID());
    const processes = Array.from({ length: 4 }, () => keysOf(writing));
    await Promise.all(processes.map((keys, i) => keys.preload(i % 2 ? subjects : subjects.toReversed(), true)));
    for (const one of subjects) {
      expect(processes.every((keys) => keys.get(one)!.equals(processes[0]!.get(one)!))).toBe(true);
    }
  });

  it('are stored wrapped, never in clear', async () => {
    const keys = keysOf(writing);
    await keys.preload([subject], true);
    const { rows } = await owner.query('select wrapped from vault.data_key where subject = $1', [subject]);
    expect(rows[0].wrapped.includes(keys.get(subject)!.export())).toBe(false);
    expect(rows[0].wrapped).toHaveLength(60);
  });

  it('are bound to their subject: a row copied to another subject is refused', async () => {
    const other = randomUUID();
    await keysOf(writing).preload([subject], true);
    await owner.query(
      'insert into vault.data_key (subject, wrapped) select $2, wrapped from vault.data_key where subject = $1',
      [subject, other],
    );
    await expect(keysOf(reading).preload([other], false)).rejects.toMatchObject({ code: 'seal-broken' });
  });

  it('stay destroyed: nothing opens any more, and none is created in their place', async () => {
    const keys = keysOf(writing);
    await keys.preload([subject], true);
    await keys.destroy(subject);
    await keys.preload([subject], true);
    expect(keys.get(subject)).toBeUndefined();
    const { rows } = await owner.query('select wrapped, destroyed_at from vault.data_key where subject = $1', [
      subject,
    ]);
    expect(rows).toEqual([{ wrapped: null, destroyed_at: expect.any(Date) }]);
  });

  it('can be destroyed before they exist, and twice: the first time is kept', async () => {
    const keys = keysOf(writing);
    const destroyedAt = async () =>
      (await owner.query('select destroyed_at from vault.data_key where subject = $1', [subject])).rows[0].destroyed_at;
    await keys.destroy(subject);
    const first = await destroyedAt();
    await keys.destroy(subject);
    expect(await destroyedAt()).toEqual(first);
    await keys.preload([subject], true);
    expect(keys.get(subject)).toBeUndefined();
  });

  it('forgotten while they are being loaded do not come back from the load', async () => {
    await keysOf(writing).preload([subject], true);
    let release = (): void => {};
    let reached = (): void => {};
    const unwrapping = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const slow: KeyProvider = {
      wrap: (key, aad) => provider.wrap(key, aad),
      secret: (name) => provider.secret(name),
      unwrap: async (wrapped, aad) => {
        await new Promise<void>((resolve) => {
          release = resolve;
          reached();
        });
        return provider.unwrap(wrapped, aad);
      },
    };
    const delivery = new SubjectKeys({ pool: reading, provider: slow });
    const loading = delivery.preload([subject], false);
    await unwrapping;
    await keysOf(writing).destroy(subject);
    delivery.forget(subject);
    release();
    await loading;
    expect(delivery.get(subject)).toBeUndefined();
  });

  it('not loaded, or evicted, are an error and not an erased subject', async () => {
    const keys = keysOf(writing, 2);
    expect(() => keys.get(subject)).toThrow(expect.objectContaining({ code: 'key-not-loaded', retryable: true }));
    await keys.preload([subject], true);
    await keys.preload([randomUUID(), randomUUID()], true);
    expect(() => keys.get(subject)).toThrow(expect.objectContaining({ code: 'key-not-loaded' }));
    await expect(keys.preload([subject, randomUUID(), randomUUID()], true)).rejects.toMatchObject({
      code: 'too-many-subjects',
    });
  });

  it('already in memory survive the loading of others in the same batch', async () => {
    const keys = keysOf(writing, 3);
    const others = [randomUUID(), randomUUID()];
    await keys.preload([subject], true);
    await keys.preload(others, true);
    await keys.preload([subject, randomUUID(), others[1]!], true);
    expect(keys.get(subject)).toBeDefined();
    expect(keys.get(others[1]!)).toBeDefined();
  });

  it('can be neither created, destroyed nor deleted by a role that only opens, nor deleted by any service', async () => {
    await expect(keysOf(reading).preload([subject], true)).rejects.toMatchObject({ code: '42501' });
    await expect(keysOf(reading).destroy(subject)).rejects.toMatchObject({ code: '42501' });
    for (const pool of [reading, writing]) {
      await expect(pool.query('delete from vault.data_key')).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('refuse a subject spelled otherwise than the database answers, which would pass for one without a key', async () => {
    await expect(keysOf(writing).preload([subject.toUpperCase()], true)).rejects.toThrow(TypeError);
  });

  it('are found by the primary key, whatever the batch size', async () => {
    await owner.query(
      'insert into vault.data_key (subject, wrapped) select gen_random_uuid(), $1 from generate_series(1, 20000)',
      [Buffer.alloc(60)],
    );
    await owner.query('analyze vault.data_key');
    const { rows } = await owner.query(
      'explain select subject, wrapped from vault.data_key where subject = any($1::uuid[])',
      [Array.from({ length: 500 }, () => randomUUID())],
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('data_key_pkey');
  });
});
