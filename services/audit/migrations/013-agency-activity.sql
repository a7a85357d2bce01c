-- What an agency did and received, newest first: for each record that concerns it, whose histories hold the rows.
create table {{schema}}.agency_activity (
  agency text not null,
  at timestamptz not null,
  -- Topic, partition and offset of the record, as in history.ref with index 0.
  ref bigint not null,
  -- For each row: 16 bytes subject, u16 index; ascending.
  rows bytea not null,
  primary key (agency, at, ref)
);
alter table {{schema}}.agency_activity alter column rows set storage external;

grant select, insert on {{schema}}.agency_activity to {{role}};
