import { FileKeyProvider, SubjectKeys } from '@sluice/vault';
import pg from 'pg';

/** Plays registry, which gives persons their keys: texts about a person can be sealed from here on. */
export async function giveKeys(adminUrl: string, keyDir: string, subjects: string[]): Promise<void> {
  const pool = new pg.Pool({ connectionString: adminUrl, max: 1 });
  try {
    await new SubjectKeys({ pool, provider: await FileKeyProvider.open(keyDir) }).preload(subjects, true);
  } finally {
    await pool.end();
  }
}
