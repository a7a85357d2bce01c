-- Who takes in a partition (of every topic at once). Each new owner raises the epoch; one that lost it changes nothing.
create table {{schema}}.partition (
  partition smallint primary key,
  epoch integer not null
);

-- Where the intake of each topic's partition stands, and the last link of its chain.
create table {{schema}}.source (
  topic text not null,
  partition smallint not null,
  next_offset bigint not null,
  link bytea not null,
  primary key (topic, partition)
);

-- What was taken in, pull by pull: enough to find and check the records again, whoever holds them by then.
-- digest: SHA-256 of the records. link: SHA-256 of the link before, the place and the digest; the first follows 32 zeros.
create table {{schema}}.intake (
  topic text not null,
  partition smallint not null,
  first_offset bigint not null,
  next_offset bigint not null,
  count integer not null,
  digest bytea not null,
  link bytea not null,
  taken_at timestamptz not null default now(),
  primary key (topic, partition, first_offset)
);

-- How far each service's log was seen in a topic's partition: what is not beyond it is a repeat.
create table {{schema}}.log_position (
  topic text not null,
  partition smallint not null,
  -- The service, as records name it: /consent.
  source text not null,
  xid bigint not null,
  position bigint not null,
  primary key (topic, partition, source)
) with (fillfactor = 80);

-- The batches of the ledger that were taken in, so that a repeat can be told from a forgery.
create table {{schema}}.ledger (
  partition smallint not null,
  sequence bigint not null,
  digest bytea not null,
  ledger_offset bigint not null,
  primary key (partition, sequence)
);

-- The last block of every lane.
create table {{schema}}.lane (
  agency text not null,
  lane smallint not null,
  sequence bigint not null,
  digest bytea not null,
  primary key (agency, lane)
) with (fillfactor = 80);

create table {{schema}}.alarm (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null,
  place text not null,
  expected text not null,
  found text not null,
  -- What is found again, after a restart say, is one alarm.
  constraint alarm_once unique (kind, place, expected, found)
);

grant select, insert, update on {{schema}}.partition, {{schema}}.source, {{schema}}.log_position, {{schema}}.lane
  to {{role}};
grant select, insert on {{schema}}.intake, {{schema}}.ledger, {{schema}}.alarm to {{role}};
