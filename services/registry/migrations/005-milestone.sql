-- Where a look back into a long stream can start from: after every so-many-th event, which event had brought each value.
-- Made from the events when there is time, and no value stands here. A row that is missing only makes a look back slower.
create table {{schema}}.milestone (
  subject uuid not null,
  -- the stream's, after the event
  version integer not null,
  -- the profile's, which snapshots do not change
  changes integer not null,
  -- the latest time at which one of the events up to here was recorded, in whole milliseconds
  recorded_by timestamptz not null,
  -- by attribute code: the stream's and the profile's version that brought the value
  brought_by json not null,
  primary key (subject, version)
);

grant select, insert on {{schema}}.milestone to {{role}};
