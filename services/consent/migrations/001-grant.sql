-- Grants as lists and single readings show them, and where to find a grant's person; written with the events that
-- change them. Holds ids, codes and dates, never a personal value.
create table {{schema}}.grant_record (
  grant_id uuid primary key,
  -- Order of lists: drawn once, when the grant begins.
  seq bigint generated always as identity,
  subject uuid not null,
  agency text not null,
  state text not null,
  valid_until timestamptz not null,
  view jsonb not null
);
create unique index grant_record_of_person on {{schema}}.grant_record (subject, seq desc);
create unique index grant_record_of_agency on {{schema}}.grant_record (agency, seq desc);
-- For the sweeper: what is over, and what flows to an agency that was revoked or restored.
create index grant_record_live_until on {{schema}}.grant_record (valid_until) where state in ('active', 'paused');
create index grant_record_live_of_agency on {{schema}}.grant_record (agency, seq) where state in ('active', 'paused');

-- Stops, pauses and narrowings; the receipt completes one once delivery has fenced it.
create table {{schema}}.stop_record (
  grant_id uuid not null references {{schema}}.grant_record,
  -- The version of the grant that the stop made.
  grant_version integer not null,
  -- The grant after it.
  state text not null,
  attributes text[] not null,
  -- The clock reading the decision was made under.
  recorded_at timestamptz not null,
  lane smallint,
  sequence bigint,
  effective_at timestamptz,
  -- Compact JWS.
  receipt text,
  primary key (grant_id, grant_version),
  constraint stop_record_whole check (num_nulls(lane, sequence, effective_at, receipt) in (0, 4))
);

-- The evidence of consent: which text a person saw at which version of a grant, in which language, through which channel.
create table {{schema}}.shown_text (
  grant_id uuid not null references {{schema}}.grant_record,
  grant_version integer not null,
  shown jsonb not null,
  recorded_at timestamptz not null,
  primary key (grant_id, grant_version)
);

-- What vetting allows each agency, as far as its events have come.
create table {{schema}}.accreditation (
  agency text primary key,
  agency_version integer not null,
  state text not null check (state in ('accredited', 'suspended', 'revoked')),
  scope jsonb not null,
  -- A restored agency asks for snapshots of what it missed: grants above this place in the list are still to be asked.
  snapshots_after bigint
);

grant select, insert, update on {{schema}}.grant_record to {{role}};
grant select, insert, update on {{schema}}.stop_record to {{role}};
grant select, insert on {{schema}}.shown_text to {{role}};
grant select, insert, update on {{schema}}.accreditation to {{role}};
