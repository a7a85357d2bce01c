-- The log. Nobody may change or delete what stands in it: the service's role can only add and read.
--
-- position alone is no reading order: it is drawn before commit, so a lower one can appear after a higher one.
-- Readers take rows whose xid is below the oldest open transaction, in order of (xid, position): none can appear later.
-- xid is this cluster's: after a logical restore into another cluster, readers would wait for ids that are long gone.
create table {{schema}}.event (
  position bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  stream uuid not null,
  version integer not null check (version > 0),
  type text not null,
  event_id uuid not null,
  content_type text not null,
  -- json, not jsonb: it is written and relayed as it came, and still answers to ->>
  context json not null,
  payload bytea not null,
  recorded_at timestamptz not null default now(),
  constraint event_commit_order primary key (xid, position),
  constraint event_stream_version unique (stream, version)
);

-- Where each stream stands, so that a decision needs no replay. Room is left on the pages for updates in place.
create table {{schema}}.stream_state (
  stream uuid primary key,
  version integer not null,
  state bytea not null
) with (fillfactor = 80);

-- Payloads and states are mostly sealed: trying to compress them costs CPU and gains nothing.
alter table {{schema}}.event alter column payload set storage external;
alter table {{schema}}.stream_state alter column state set storage external;

-- Replies by idempotency key. The key is a digest: callers' keys and principals do not stand here in clear text.
create table {{schema}}.idempotency (
  key bytea primary key,
  request_digest bytea not null,
  reply json not null,
  version integer not null,
  created_at timestamptz not null default now()
);

grant usage on schema {{schema}} to {{role}};
grant select, insert on {{schema}}.event to {{role}};
grant select, insert, update on {{schema}}.stream_state to {{role}};
grant select, insert on {{schema}}.idempotency to {{role}};

-- An open transaction anywhere holds back every reader of the log.
do $$
begin
  execute format('alter role {{role}} in database %I set idle_in_transaction_session_timeout = %L', current_database(), '10s');
end $$;
