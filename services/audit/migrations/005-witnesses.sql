-- The newest checkpoint of the verifiable log that enough witnesses have signed.
create table {{schema}}.log_witnessed (
  single boolean primary key default true check (single),
  -- Leaves.
  size bigint not null,
  -- The signed note with the cosignatures, as it is served.
  checkpoint text not null,
  -- Since when there is a newer checkpoint, which is not witnessed yet.
  behind_since timestamptz
);

grant select, insert, update on {{schema}}.log_witnessed to {{role}};
