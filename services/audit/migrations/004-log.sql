-- The furthest state of the verifiable log, kept apart from its files: against it an older copy of them is found out.
create table {{schema}}.log_head (
  single boolean primary key default true check (single),
  -- Leaves.
  size bigint not null,
  -- RFC 6962 root.
  root bytea not null,
  -- The leaves that log_block was filled from.
  indexed bigint not null default 0
);

-- Where the log holds each block of deliveries: a receipt is found by agency, lane and sequence.
create table {{schema}}.log_block (
  agency text not null,
  lane smallint not null,
  -- Lane sequence of the first delivery.
  first bigint not null,
  count integer not null,
  -- Index in the log.
  leaf bigint not null,
  -- The ledger's record that holds the block, in the partition of the lane's number.
  ledger_offset bigint not null,
  ledger_sequence bigint not null,
  -- A block that delivery published again after a crash has a second leaf; the first is as good.
  primary key (agency, lane, first)
);

grant select, insert, update on {{schema}}.log_head to {{role}};
grant select, insert on {{schema}}.log_block to {{role}};
