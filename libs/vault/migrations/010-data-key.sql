-- One wrapped AES-256 key per subject. Erasing a subject empties `wrapped`; the row stays as proof of it, and so that no
-- new key can be created for an erased subject.
create schema if not exists {{schema}};

create table {{schema}}.data_key (
  subject uuid primary key,
  wrapped bytea,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  constraint data_key_present_or_destroyed check ((wrapped is null) = (destroyed_at is not null))
);

grant usage on schema {{schema}} to {{role}};
grant select, insert on {{schema}}.data_key to {{role}};
grant update (wrapped, destroyed_at) on {{schema}}.data_key to {{role}};
