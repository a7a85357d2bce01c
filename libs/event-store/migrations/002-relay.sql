-- The last event that Kafka acknowledged, in the log's reading order.
create table {{schema}}.relay_cursor (
  only_row boolean primary key default true check (only_row),
  xid xid8 not null,
  position bigint not null
);
insert into {{schema}}.relay_cursor (xid, position) values ('0', 0);

-- Streams whose event the broker refused: this one and all later ones of the stream wait for an operator.
create table {{schema}}.relay_halted (
  stream uuid primary key,
  xid xid8 not null,
  position bigint not null,
  reason text not null,
  at timestamptz not null default now(),
  release_requested_at timestamptz
);

grant select, update on {{schema}}.relay_cursor to {{role}};
grant select, insert, update, delete on {{schema}}.relay_halted to {{role}};
