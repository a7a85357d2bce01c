-- One person, one subject: identity numbers as keyed digests. Without the key nobody can test a guess.
-- A person's former numbers stay, so that nobody else can be registered under one of them.
create table {{schema}}.identity_index (
  blind bytea constraint identity_index_pkey primary key,
  subject uuid not null
);

grant select, insert on {{schema}}.identity_index to {{role}};
