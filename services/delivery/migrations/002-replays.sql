-- Redeliveries, by plan. The plan is a stream of its own; this is its present state, for lists and for the workers.
create table {{schema}}.replay (
  id uuid primary key,
  version int not null,
  state text not null check (state in ('planned', 'approved', 'running', 'paused', 'done', 'cancelled')),
  planned_at timestamptz not null,
  plan jsonb not null
);
create index replay_running on {{schema}}.replay (id) where state = 'running';
create index replay_newest on {{schema}}.replay (planned_at desc);

-- How far each lane of a replay has come. Written with the ledger row of what it sent, by the partition's worker: a crash
-- repeats nothing and leaves nothing out.
create table {{schema}}.replay_lane (
  replay uuid not null references {{schema}}.replay,
  lane smallint not null,
  -- Next to be taken, and the first that is not: sequences of the lane for a range, else offsets of registry.events.
  next bigint not null,
  ends bigint not null,
  delivered bigint not null default 0,
  refused bigint not null default 0,
  skipped bigint not null default 0,
  done boolean not null default false,
  primary key (replay, lane)
);

grant select, insert, update on {{schema}}.replay, {{schema}}.replay_lane to {{role}};
