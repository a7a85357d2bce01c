-- Questions and objections as they are read; their streams are the authority. What somebody wrote is sealed under the
-- subject's data key.
create table {{schema}}.case_file (
  case_id uuid primary key,
  subject uuid not null,
  -- Null: no agency is concerned, the centre answers itself.
  agency text,
  kind text not null,
  version integer not null,
  state text not null,
  overdue boolean not null,
  raised_at timestamptz not null,
  answer_by timestamptz,
  decide_by timestamptz,
  -- Of whoever is due now; null while the person considers an answer, and when it is over.
  due timestamptz,
  -- The history entry it is about, as it was shown.
  entry jsonb not null,
  question bytea not null,
  answer bytea,
  escalation bytea,
  decision bytea
) with (fillfactor = 80);

create index case_file_subject on {{schema}}.case_file (subject, raised_at, case_id);
create index case_file_agency on {{schema}}.case_file (agency, raised_at, case_id);
create index case_file_raised on {{schema}}.case_file (raised_at, case_id);
-- For the sweeper.
create index case_file_due on {{schema}}.case_file (due) where due is not null and not overdue;
-- Overdue ones count.
create index case_file_overdue on {{schema}}.case_file (agency) where overdue;

grant select, insert on {{schema}}.case_file to {{role}};
grant update (version, state, overdue, answer_by, decide_by, due, answer, escalation, decision)
  on {{schema}}.case_file to {{role}};
