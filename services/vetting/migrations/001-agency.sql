-- The agencies as lists and single readings show them; written with the events that change them.
create table {{schema}}.agency (
  agency text primary key,
  version integer not null,
  state text not null,
  view json not null
);

-- A sanction, and the receipt that completes it once every lane has answered.
create table {{schema}}.sanction (
  agency text not null,
  -- The version of the agency that the sanction made.
  version integer not null,
  state text not null,
  recorded_at timestamptz not null,
  fences json,
  receipt text,
  effective_at timestamptz,
  primary key (agency, version)
);

-- What the lanes have answered so far. A repeated answer changes nothing.
create table {{schema}}.sanction_fence (
  agency text not null,
  version integer not null,
  lane smallint not null,
  sequence bigint not null,
  primary key (agency, version, lane)
);

grant select, insert, update on {{schema}}.agency to {{role}};
grant select, insert, update on {{schema}}.sanction to {{role}};
grant select, insert on {{schema}}.sanction_fence to {{role}};
