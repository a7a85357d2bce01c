import { APPENDED_COLUMNS } from './event-rows.js';

/** Names that may stand unquoted in SQL; schema names come from configuration and are put into the text. */
const PLAIN_NAME = /^[a-z][a-z0-9_]{0,50}$/;

export function plainName(name: string): string {
  if (!PLAIN_NAME.test(name)) throw new Error(`"${name}" is not a plain lower-case SQL name`);
  return name;
}

/** A prepared statement: PostgreSQL parses and plans it once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Of one append: `events` takes a binary copy, `held` stores states and idempotency rows. */
export interface AppendStatements {
  readonly events: string;
  readonly held: Statement;
}

/**
 * The events come first, by copy: PostgreSQL writes them to the table many at a time. With 640-byte events this costs
 * 13 us of its CPU an event, against 18 as rows of an `insert ... select ... from unnest` (batches of 300).
 *
 * They are written in the order given, and rows of one stream ascend by version. All instances write in order of
 * stream, then key, so two batches that meet wait for one another in one direction only.
 *
 * The (xid, position) order never inverts within a stream: the xid is drawn by the copy, after the load that
 * saw the version before; whoever wrote that version had committed by then, with an xid drawn earlier. Two writers
 * of one version cannot both commit.
 *
 * In `held`, $1 holds every value of variable length end to end, the arrays say where: pg sends a Buffer as it is,
 * while each element of a bytea[] or text[] would be escaped, sent as hex and parsed.
 */
export function appendStatements(schema: string): AppendStatements {
  return {
    events: `copy ${schema}.event (${APPENDED_COLUMNS.join(', ')}) from stdin (format binary)`,
    held: {
      name: `${schema}.append`,
      text: `
with held as (
  insert into ${schema}.stream_state (stream, version, state)
  select stream, version, substring($1::bytea from at for size)
    from unnest($2::uuid[], $3::int[], $4::int[], $5::int[]) as held (stream, version, at, size)
  on conflict (stream) do update set version = excluded.version, state = excluded.state
)
insert into ${schema}.idempotency (key, request_digest, reply, version)
select substring($1 from at for 32), substring($1 from at + 32 for digest_size),
       convert_from(substring($1 from at + 32 + digest_size for reply_size), 'UTF8')::json, version
  from unnest($6::int[], $7::int[], $8::int[], $9::int[]) as past (at, digest_size, reply_size, version)`,
    },
  };
}

/** Few, so that a large batch does not fill PostgreSQL's table of locks; then some wait for one another in vain. */
const TURNS = 64;

/** Waits until no other batch that takes turns is busy with these streams and keys; all lock in the same order. */
export function takeTurnStatement(schema: string): Statement {
  return {
    name: `${schema}.take_turn`,
    text: `
select pg_advisory_xact_lock(hashtext('sluice.turns.${schema}'), turn)
  from (select distinct abs(hashtext(name) % ${TURNS}) as turn from unnest($1::text[]) as wanted (name) order by turn) as turns`,
  };
}

/** From version $2 on, $3 of them. Not prepared, nor are the next: rarely asked, and a plan kept from when the log was small would scan it. */
export function readStreamText(schema: string): string {
  return `${eventsOf(schema)} where stream = $1 and version >= $2 order by version limit $3`;
}

/**
 * What was recorded before $4 of the versions from $2 to $3. A stream is short beside the log: the time is looked at in its
 * own rows, and needs no index.
 */
export function readStreamAsOfText(schema: string): string {
  return `${eventsOf(schema)} where stream = $1 and version between $2 and $3 and recorded_at < $4 order by version`;
}

export function readVersionsText(schema: string): string {
  return `${eventsOf(schema)} where stream = $1 and version = any($2::int[]) order by version`;
}

function eventsOf(schema: string): string {
  return `select version, type, event_id, content_type, context, payload, recorded_at from ${schema}.event`;
}
