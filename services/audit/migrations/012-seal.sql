-- Orders that keep entries of an agency from the person they are about; their streams are the authority.
create table {{schema}}.seal (
  seal uuid primary key,
  subject uuid not null,
  agency text not null,
  purpose text,
  -- Reference of the legal instrument.
  instrument text not null,
  since timestamptz,
  until timestamptz not null,
  version integer not null,
  -- drafted, sealed, refused, lifted
  state text not null,
  drafted_by text not null,
  drafted_at timestamptz not null,
  approved_by text,
  sealed_from timestamptz,
  lifted_at timestamptz,
  -- Why it was refused, or annulled.
  reason text
) with (fillfactor = 80);

-- Asked for with every reading of a history.
create index seal_subject on {{schema}}.seal (subject) where state in ('sealed', 'lifted');
create index seal_until on {{schema}}.seal (until) where state = 'sealed';
create index seal_drafted on {{schema}}.seal (drafted_at, seal);

grant select, insert on {{schema}}.seal to {{role}};
grant update (version, state, approved_by, sealed_from, lifted_at, reason) on {{schema}}.seal to {{role}};
