-- One row per source event: a person's history is read newest first, by this key alone.
-- ref: topic, partition, offset and index of what the row was made of (src/domain/history-row.ts); it makes the key unique.
create table {{schema}}.history (
  subject uuid not null,
  at timestamptz not null,
  ref bigint not null,
  entry bytea not null,
  primary key (subject, at, ref)
);
-- Mostly identifiers, which do not compress.
alter table {{schema}}.history alter column entry set storage external;

grant select, insert on {{schema}}.history to {{role}};
