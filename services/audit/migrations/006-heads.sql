-- What the intake added to histories and the heads have not taken up yet, pull by pull.
create table {{schema}}.heads_feed (
  id bigint generated always as identity primary key,
  partition smallint not null,
  -- How far these topics were taken in with it.
  topics text[] not null,
  next_offsets bigint[] not null,
  -- Commitments to rows: src/completeness/history-feed.ts.
  rows bytea not null,
  at timestamptz not null default now()
);
alter table {{schema}}.heads_feed alter column rows set storage external;

-- The map of heads: pseudonymous labels, each with how many rows its history has and the chain over them. By the first
-- 16 bits of the label.
create table {{schema}}.heads_bucket (
  bucket integer primary key,
  heads bytea not null
);
alter table {{schema}}.heads_bucket alter column heads set storage external;

-- The tree over the buckets, 256 hashes together. Level 0: of buckets; level 1: of the tiles below.
create table {{schema}}.heads_tile (
  level smallint not null,
  index smallint not null,
  hashes bytea not null,
  primary key (level, index)
);
alter table {{schema}}.heads_tile alter column hashes set storage external;

-- What the map covers: the records of a topic's partition from one offset up to another.
create table {{schema}}.heads_source (
  topic text not null,
  partition smallint not null,
  first_offset bigint not null,
  next_offset bigint not null,
  primary key (topic, partition)
);
-- What was in histories before there were heads is not proven by them.
insert into {{schema}}.heads_source (topic, partition, first_offset, next_offset)
select topic, partition, next_offset, next_offset from {{schema}}.source
 where topic in ('delivery.ledger', 'consent.events', 'access.events');

create table {{schema}}.heads (
  single boolean primary key default true check (single),
  epoch bigint not null default 0,
  labels bigint not null default 0,
  -- The leaf of this epoch, until it is in the log: the map stays as it is meanwhile.
  leaf text,
  made_at timestamptz not null default '-infinity'
);
insert into {{schema}}.heads default values;

-- Where the log has the leaf of each epoch; filled from the log.
create table {{schema}}.heads_leaf (
  epoch bigint primary key,
  leaf bigint not null,
  content text not null
);

grant select, insert, delete on {{schema}}.heads_feed to {{role}};
grant select, insert, update on {{schema}}.heads_bucket, {{schema}}.heads_tile, {{schema}}.heads_source to {{role}};
grant select, update on {{schema}}.heads to {{role}};
grant select, insert on {{schema}}.heads_leaf to {{role}};
