import type { Connection, PoolClient, Submittable } from 'pg';
import utils from 'pg/lib/utils.js';
import { EventStoreError } from './errors.js';
import type { AppendStatements, Statement } from './statements.js';
import type { SqlEffect } from './types.js';

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
 * Appends a batch in one round trip: the copy of the events, and behind it the statement for states and replies, and the
 * batch's effects. All run before the one `Sync`, so that outside a transaction they are one by themselves (PostgreSQL 18,
 * 54.2.4 Pipelining): what fails takes the rest with it, and PostgreSQL passes over what comes behind.
 */
export class AppendQuery implements Submittable {
  /** Set by pg when a query timeout is on; it has to hear of the end. */
  callback: ((error?: Error) => void) | undefined;
  /** What pg calls this query; it takes the statement of this name for parsed when PostgreSQL says so for the first time. */
  readonly name: string | undefined;
  readonly text: string | undefined;
  readonly done: Promise<void>;
  readonly #settle: { resolve: () => void; reject: (error: Error) => void };
  readonly #behind: { statement: Statement; values: (Buffer | string | null)[] }[];
  /** Statements whose parsing was sent and not confirmed, in this order. */
  readonly #parsing: (Statement | undefined)[] = [];
  #listening: { connection: Connection; onParsed: () => void } | undefined;
  #completed = 0;
  #failed: string | undefined;

  /**
   * @param effects run behind the append, in the same round trip
   * @throws TypeError of a value that cannot be sent
   */
  constructor(
    readonly statements: AppendStatements,
    readonly rows: AppendRows,
    effects: readonly SqlEffect[] = [],
  ) {
    const { held } = rows;
    this.#behind = effects.map(({ name, text, values }) => ({
      statement: { name, text },
      values: values.map(utils.prepareValue),
    }));
    if (held !== undefined) {
      ({ name: this.name, text: this.text } = statements.held);
      this.#behind.unshift({ statement: statements.held, values: held });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }

  /** The name of the statement behind the copy that failed; undefined where it was the copy, or the connection broke before. */
  get failed(): string | undefined {
    return this.#failed;
  }

  submit(connection: Connection): Error | undefined {
    const clash = this.#clash(connection);
    if (clash !== undefined) {
      return new EventStoreError(
        'rejected',
        `there are two texts for the prepared statement "${clash}"; nothing was sent`,
      );
    }
    const { events } = this.rows;
    this.#listen(connection);
    connection.stream.cork();
    try {
      // Before the copy, which may fail: what was parsed stays so.
      for (const { statement } of this.#behind) this.#prepare(connection, statement);
      this.#parse(connection, undefined, this.statements.events);
      connection.bind({}, true);
      connection.execute(null, true);
      // Not waited for: where the copy does not begin, PostgreSQL passes over what was meant for it.
      const head = Buffer.allocUnsafe(5);
      head[0] = COPY_DATA;
      head.writeInt32BE(events.length + 4, 1);
      for (const part of [head, events, COPY_DONE]) connection.stream.write(part);
      for (const { statement, values } of this.#behind) {
        connection.bind({ statement: statement.name, values }, true);
        connection.execute(null, true);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return undefined;
  }

  handleCopyInResponse(): void {}

  /** An effect may be a `select` of a function; what it gives back is of no interest. */
  handleDataRow(): void {}

  handleCommandComplete(): void {
    this.#completed += 1;
  }

  handleReadyForQuery(): void {
    this.#stopListening();
    this.callback?.();
    this.#settle.resolve();
  }

  handleError(error: Error): void {
    this.#stopListening();
    const failed = this.#parsing.length > 0 ? this.#parsing[0] : this.#behind[this.#completed - 1]?.statement;
    this.#failed = failed?.name;
    this.callback?.(error);
    this.#settle.reject(error);
  }

  /** The name that stands for two texts, if there is one. */
  #clash(connection: Connection): string | undefined {
    const { parsedStatements } = connection as Connection & PreparedOn;
    const texts = new Map<string, string>();
    for (const { statement } of this.#behind) {
      const { name, text } = statement;
      if ((texts.get(name) ?? parsedStatements[name] ?? text) !== text) return name;
      texts.set(name, text);
    }
    return undefined;
  }

  #prepare(connection: Connection, statement: Statement): void {
    const { parsedStatements } = connection as Connection & PreparedOn;
    const { name, text } = statement;
    if (parsedStatements[name] !== undefined || this.#parsing.some((one) => one?.name === name)) return;
    this.#parse(connection, statement, text);
  }

  #parse(connection: Connection, statement: Statement | undefined, text: string): void {
    this.#parsing.push(statement);
    connection.parse({ name: statement?.name ?? '', text, types: [] }, true);
  }

  /** pg itself keeps one statement of a query in mind. */
  #listen(connection: Connection): void {
    const { parsedStatements } = connection as Connection & PreparedOn;
    const onParsed = (): void => {
      const statement = this.#parsing.shift();
      if (statement !== undefined) parsedStatements[statement.name] = statement.text;
    };
    connection.on('parseComplete', onParsed);
    this.#listening = { connection, onParsed };
  }

  #stopListening(): void {
    this.#listening?.connection.off('parseComplete', this.#listening.onParsed);
    this.#listening = undefined;
  }
}

/** Throws what PostgreSQL says of the first part that fails. */
export async function append(client: PoolClient, query: AppendQuery): Promise<void> {
  client.query(query);
  await query.done;
}
