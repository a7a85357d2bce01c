-- How far each publisher's bulk filing has come. It moves in the transaction that stores the lines' events:
-- a line below next_line is done, and no line is done twice.
create table {{schema}}.filing (
  agency text not null,
  -- Chosen by the publisher; another agency's filing of the same id is another filing.
  filing uuid not null,
  next_line bigint not null,
  changed bigint not null,
  unchanged bigint not null,
  refused bigint not null,
  started_at timestamptz not null default now(),
  advanced_at timestamptz not null default now(),
  primary key (agency, filing),
  constraint filing_lines_counted check (next_line = changed + unchanged + refused)
);

grant select, insert, update on {{schema}}.filing to {{role}};

-- Moves a filing on by the lines of one batch. Fails as a violation of "filing_next_line", and the batch with it,
-- where the filing does not stand at from_line: another request has filed these lines.
create function {{schema}}.advance_filing(
  of_agency text, of_filing uuid, from_line bigint, more_changed bigint, more_unchanged bigint, more_refused bigint
) returns void language plpgsql as $$
begin
  if from_line = 0 then
    insert into {{schema}}.filing (agency, filing, next_line, changed, unchanged, refused)
    values (of_agency, of_filing, more_changed + more_unchanged + more_refused, more_changed, more_unchanged, more_refused)
    on conflict do nothing;
  else
    update {{schema}}.filing
       set next_line = next_line + more_changed + more_unchanged + more_refused,
           changed = changed + more_changed,
           unchanged = unchanged + more_unchanged,
           refused = refused + more_refused,
           advanced_at = now()
     where agency = of_agency and filing = of_filing and next_line = from_line;
  end if;
  if not found then
    raise exception 'the filing goes on at another line'
      using errcode = 'check_violation', constraint = 'filing_next_line', table = 'filing', schema = '{{schema}}';
  end if;
end $$;
revoke execute on function {{schema}}.advance_filing(text, uuid, bigint, bigint, bigint, bigint) from public;
grant execute on function {{schema}}.advance_filing(text, uuid, bigint, bigint, bigint, bigint) to {{role}};
