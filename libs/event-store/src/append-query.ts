import type { Connection, PoolClient, Submittable } from 'pg';
import type { AppendStatements, Statement } from './statements.js';

const COPY_DATA = 'd'.charCodeAt(0);
const COPY_DONE = Buffer.from([...Buffer.from('c'), 0, 0, 0, 4]);

/** What an append sends. */
export interface AppendRows {
  /** A binary copy. */
  events: Buffer;
  /** Parameters of the statement that stores states and replies; undefined where there are none. */
  held: (Buffer | string)[] | undefined;
}

/** pg keeps here which statements PostgreSQL has parsed on this connection. */
interface PreparedOn {
  parsedStatements: Record<string, string | undefined>;
}

/**
 * Appends a batch in one round trip: the copy of the events, and behind it the statement for states and replies. Both run
 * before the one `Sync`, so that outside a transaction they are one by themselves (PostgreSQL 18, 54.2.4 Pipelining).
 */
class AppendQuery implements Submittable {
  /** Set by pg when a query timeout is on; it has to hear of the end. */
  callback: ((error?: Error) => void) | undefined;
  /** pg takes the statement of this name for parsed when PostgreSQL says so for the first time. */
  readonly name: string | undefined;
  readonly text: string | undefined;
  readonly done: Promise<void>;
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };

  constructor(
    readonly statements: AppendStatements,
    readonly rows: AppendRows,
  ) {
    if (rows.held !== undefined) ({ name: this.name, text: this.text } = statements.held);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }

  submit(connection: Connection): void {
    const { events, held } = this.rows;
    connection.stream.cork();
    try {
      // Before the copy, which may fail: what was parsed stays so.
      if (held !== undefined) prepare(connection, this.statements.held);
      connection.parse({ name: '', text: this.statements.events, types: [] }, true);
      connection.bind({}, true);
      connection.execute(null, true);
      // Not waited for: where the copy does not begin, PostgreSQL passes over what was meant for it.
      const head = Buffer.allocUnsafe(5);
      head[0] = COPY_DATA;
      head.writeInt32BE(events.length + 4, 1);
      for (const part of [head, events, COPY_DONE]) connection.stream.write(part);
      if (held !== undefined) {
        connection.bind({ statement: this.statements.held.name, values: held }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleCopyInResponse(): void {}

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback?.();
    this.#settle.resolve();
  }

  handleError(error: Error): void {
    this.callback?.(error);
    this.#settle.reject(error);
  }
}

function prepare(connection: Connection, { name, text }: Statement): void {
  const { parsedStatements } = connection as Connection & PreparedOn;
  if (parsedStatements[name] === undefined) connection.parse({ name, text, types: [] }, true);
}

export async function append(client: PoolClient, statements: AppendStatements, rows: AppendRows): Promise<void> {
  const query = new AppendQuery(statements, rows);
  client.query(query);
  await query.done;
}
