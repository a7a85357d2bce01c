-- Messages that could not be handled, and those that wait behind them; in order of id within a group and key.
-- Settled ones stay: a message that Kafka delivers again is known by its offset, and it is on record who decided what.
-- Values are as they were published: what is personal in them is sealed under the subject's key.
create table {{schema}}.parked (
  id bigint generated always as identity primary key,
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  message_offset bigint not null,
  key text not null,
  type text not null,
  -- the rule it broke, or 'behind'
  reason text not null,
  tries integer not null,
  -- waiting: for an operator, or behind an earlier one; retrying: to be handled again as soon as it is the first
  state text not null default 'waiting' check (state in ('waiting', 'retrying', 'handled', 'discarded')),
  headers json not null,
  value bytea not null,
  parked_at timestamptz not null default now(),
  settled_at timestamptz,
  constraint parked_once unique (consumer_group, topic, partition, message_offset)
);
create index parked_open on {{schema}}.parked (consumer_group, key, id) where state in ('waiting', 'retrying');

-- Who decided what about which.
create table {{schema}}.parked_action (
  id bigint generated always as identity primary key,
  parked bigint not null references {{schema}}.parked,
  action text not null check (action in ('retry', 'discard')),
  operator text not null,
  at timestamptz not null default now()
);
create index parked_action_of on {{schema}}.parked_action (parked, id);

grant select, insert, update on {{schema}}.parked to {{role}};
grant select, insert on {{schema}}.parked_action to {{role}};
