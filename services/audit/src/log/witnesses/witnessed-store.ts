import type { Pool } from 'pg';

/** The newest checkpoint that enough witnesses have signed. */
export interface StoredWitnessed {
  size: number;
  /** The signed note with the cosignatures. */
  checkpoint: string;
  /** Milliseconds since there is a newer checkpoint; undefined while it is the newest. */
  behindMs: number | undefined;
}

const KEEP = `insert into audit.log_witnessed (size, checkpoint) values ($1, $2)
  on conflict (single) do update set size = excluded.size, checkpoint = excluded.checkpoint, behind_since = null
  where log_witnessed.size <= excluded.size`;

const FALL_BEHIND = `update audit.log_witnessed set behind_since = now() where size < $1 and behind_since is null`;

const LOAD = `select size, checkpoint, extract(epoch from now() - behind_since) * 1000 as behind_ms
  from audit.log_witnessed`;

const ALARM = `insert into audit.alarm (kind, place, expected, found) values ('witness-conflict', $1, $2, $3)
  on conflict on constraint alarm_once do nothing`;

/** What the instances of the service know of witnesses together: whichever keeps the log writes it, all serve it. */
export class WitnessedStore {
  constructor(private readonly pool: Pool) {}

  async load(): Promise<StoredWitnessed | undefined> {
    const { rows } = await this.pool.query<{ size: string; checkpoint: string; behind_ms: string | null }>({
      name: 'log-witnessed',
      text: LOAD,
    });
    const [row] = rows;
    if (row === undefined) return undefined;
    const behindMs = row.behind_ms === null ? undefined : Number(row.behind_ms);
    return { size: Number(row.size), checkpoint: row.checkpoint, behindMs };
  }

  /** Keeps a checkpoint with its cosignatures, unless a larger one is kept. */
  async keep(size: number, checkpoint: string): Promise<void> {
    await this.pool.query(KEEP, [size, checkpoint]);
  }

  /** There is a checkpoint of `size` that is not witnessed yet. */
  async fallBehind(size: number): Promise<void> {
    await this.pool.query(FALL_BEHIND, [size]);
  }

  /** Leaves that the log has come to, whoever keeps it. */
  async logSize(): Promise<number> {
    const { rows } = await this.pool.query<{ size: string }>('select size from audit.log_head');
    return Number(rows[0]?.size ?? 0);
  }

  /** What was found before is one alarm. @returns whether it is new */
  async alarm(witness: string, expected: string, found: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(ALARM, [witness, expected, found]);
    return rowCount === 1;
  }
}
