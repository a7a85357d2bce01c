-- What vetting lets an agency publish, as of its last event: who may assert which attributes, and until when.
create table {{schema}}.publisher (
  agency text primary key,
  -- The agency's version in vetting; an event that is not above it was seen before.
  agency_version integer not null,
  publishes text[] not null,
  until timestamptz not null,
  active boolean not null
);

grant select, insert, update on {{schema}}.publisher to {{role}};
