import type { PoolClient } from 'pg';

/**
 * Of the feed at once: bounds the memory. About 320,000 rows, what comes between two epochs at 10,000 changes/s: with half
 * as many there were two epochs instead of one, and each works once for every person.
 */
const FOLD_BYTES = 16 * 1024 * 1024;
const FOLD_PULLS = 4_000;

/** Of the feed in one answer: all of it at once, in hex, made 30 MB of garbage out of 6. */
const READ_BYTES = 512 * 1024;

const FEED = `select id, partition, topics, next_offsets, bytes from (
    select pulls.*, sum(bytes) over (order by id) - bytes as before from (
      select id, partition, topics, next_offsets, octet_length(rows) as bytes
        from audit.heads_feed order by id limit ${FOLD_PULLS}) pulls) counted
  where before < $1 order by id`;

interface FedPull {
  id: string;
  partition: number;
  topics: string[];
  next_offsets: string[];
  /** Of its rows. */
  bytes: number;
}

/** What the intake fed and the heads have not taken up: the oldest pulls, as many as one epoch takes. */
export class FedPulls {
  private constructor(
    private readonly pulls: readonly FedPull[],
    /** The rows of all of them, in order. */
    readonly rows: Buffer,
  ) {}

  /** Undefined where there is nothing. */
  static async read(client: PoolClient): Promise<FedPulls | undefined> {
    const { rows: pulls } = await client.query<FedPull>(FEED, [FOLD_BYTES]);
    return pulls.length === 0 ? undefined : new FedPulls(pulls, await rowsOf(client, pulls));
  }

  get ids(): string[] {
    return this.pulls.map(({ id }) => id);
  }

  /** Whether there may be more. */
  get isCut(): boolean {
    return this.pulls.length === FOLD_PULLS || this.rows.length >= FOLD_BYTES;
  }

  /** Where each topic's partition goes on after these pulls. */
  next(): { topic: string; partition: number; offset: string }[] {
    const next = new Map<string, { topic: string; partition: number; offset: string }>();
    for (const { partition, topics, next_offsets } of this.pulls) {
      topics.forEach((topic, i) => {
        next.set(`${topic}/${partition}`, { topic, partition, offset: next_offsets[i]! });
      });
    }
    return [...next.values()];
  }
}

async function rowsOf(client: PoolClient, pulls: readonly FedPull[]): Promise<Buffer> {
  const all = Buffer.alloc(pulls.reduce((sum, { bytes }) => sum + bytes, 0));
  let end = 0;
  for (let next = 0; next < pulls.length; ) {
    const portion: string[] = [];
    for (let bytes = 0; next < pulls.length && bytes < READ_BYTES; next++) {
      bytes += pulls[next]!.bytes;
      portion.push(pulls[next]!.id);
    }
    const { rows } = await client.query<{ rows: Buffer }>({
      name: 'fed-rows',
      text: 'select rows from audit.heads_feed where id = any($1::bigint[]) order by id',
      values: [portion],
    });
    for (const { rows: some } of rows) end += some.copy(all, end);
  }
  return all;
}
