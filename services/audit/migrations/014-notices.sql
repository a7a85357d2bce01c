-- Who wants to be told of new entries of their own history, and how often.
create table {{schema}}.history_subscription (
  subject uuid primary key,
  -- immediately, hourly, daily
  every text not null,
  -- Null: whatever the kind, whatever the agency.
  kinds text[],
  agencies text[],
  -- Not before this.
  next_at timestamptz not null
) with (fillfactor = 80);

-- New rows of the histories of those who are subscribed, until a notice tells of them.
create table {{schema}}.notice_queue (
  subject uuid not null,
  at timestamptz not null,
  ref bigint not null,
  primary key (subject, at, ref)
);

create table {{schema}}.notice (
  id bigint generated always as identity primary key,
  subject uuid not null,
  made_at timestamptz not null,
  -- Counts by agency, purpose and kind.
  content jsonb not null
);
create index notice_subject on {{schema}}.notice (subject, id);

grant select, insert, update, delete on {{schema}}.history_subscription to {{role}};
grant select, insert, delete on {{schema}}.notice_queue to {{role}};
grant select, insert on {{schema}}.notice to {{role}};
