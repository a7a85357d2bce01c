-- Where the worker of each partition stands. Every effect checks the epoch in the same statement: a worker that
-- lost its partition changes nothing.
create table {{schema}}.partition (
  partition smallint primary key,
  epoch int not null default 0,
  registry_offset bigint not null default 0,
  consent_offset bigint not null default 0,
  vetting_offset bigint not null default 0,
  -- Last log position (xid, position) taken from each topic; what is not above it is a repeat.
  registry_xid bigint not null default 0,
  registry_position bigint not null default 0,
  consent_xid bigint not null default 0,
  consent_position bigint not null default 0,
  vetting_xid bigint not null default 0,
  vetting_position bigint not null default 0,
  ledger_sequence bigint not null default 0,
  ledger_digest bytea not null default decode(repeat('00', 32), 'hex'),
  dispatched_sequence bigint not null default 0
);

-- The ledger: one row per batch, the bytes of libs/contracts codec/ledger-batch.
create table {{schema}}.batch (
  partition smallint not null,
  sequence bigint not null,
  decided_at timestamptz not null,
  content bytea not null,
  primary key (partition, sequence)
);
-- The content is mostly random identifiers: compressing it costs time and gains nothing.
alter table {{schema}}.batch alter column content set storage external;

-- Finds the batch that holds a range of a lane.
create table {{schema}}.block (
  agency text not null,
  lane smallint not null,
  first bigint not null,
  count int not null,
  batch bigint not null,
  digest bytea not null,
  primary key (agency, lane, first)
);

create table {{schema}}.lane (
  agency text not null,
  lane smallint not null,
  last_sequence bigint not null,
  last_digest bytea not null,
  primary key (agency, lane)
);

-- Delivery's view of a person's grants, as of consent_offset of the partition.
create table {{schema}}.subject (
  subject uuid primary key,
  grants jsonb not null
) with (fillfactor = 80);

-- Changes that could not be decided, and those of the same person that wait behind them.
create table {{schema}}.parked (
  partition smallint not null,
  registry_offset bigint not null,
  subject uuid not null,
  reason text not null,
  parked_at timestamptz not null default now(),
  -- Set by an operator, carried out by the partition's worker.
  settlement text check (settlement in ('retry', 'discard')),
  primary key (partition, registry_offset)
);
create index parked_subject on {{schema}}.parked (subject);

grant select, insert, update on {{schema}}.partition, {{schema}}.lane, {{schema}}.subject to {{role}};
grant select, insert on {{schema}}.batch, {{schema}}.block to {{role}};
grant select, insert, update, delete on {{schema}}.parked to {{role}};
