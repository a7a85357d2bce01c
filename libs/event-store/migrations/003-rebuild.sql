-- Rebuilding a read model from the log beside the live table: libs/event-store/src/rebuild.

-- One row per rebuild: what was planned, how far it is, what it found.
create table {{schema}}.rebuild (
  id uuid primary key,
  -- The table it is about.
  read_model text not null,
  state text not null check (state in ('planned', 'running', 'paused', 'done', 'cancelled', 'failed')),
  phase text not null default 'filling' check (phase in ('filling', 'comparing')),
  -- Whether rows that differ are replaced, or only named.
  swap boolean not null default false,
  -- Events a second; 0: as fast as it goes.
  rate integer not null check (rate >= 0),
  -- Estimates, as of the plan.
  extent_events bigint not null,
  extent_rows bigint not null,
  events bigint not null default 0,
  rows_compared bigint not null default 0,
  altered bigint not null default 0,
  missing bigint not null default 0,
  added bigint not null default 0,
  mended bigint not null default 0,
  planned_by text not null,
  planned_at timestamptz not null default now(),
  run_at timestamptz,
  finished_at timestamptz,
  failure text,
  -- The instance that runs it, as long as the lease lasts.
  runner text,
  lease_until timestamptz
);
-- The table beside the live one is there once.
create unique index rebuild_open on {{schema}}.rebuild (read_model) where state in ('running', 'paused');

-- How far the tables beside the live ones are. Unlogged as they are: a crash of the server empties both, and the rebuild
-- begins again; whatever else happens, it goes on from here.
create unlogged table {{schema}}.rebuild_progress (
  rebuild uuid primary key,
  -- Where reading goes on; what it looks like is the source's business.
  place json,
  -- The key up to which the rows were compared.
  compared json
);

-- What was found: keys and names of columns, never what stands in them.
create table {{schema}}.rebuild_difference (
  rebuild uuid not null references {{schema}}.rebuild,
  key text not null,
  kind text not null check (kind in ('altered', 'missing', 'added')),
  columns text[] not null,
  mended boolean not null,
  primary key (rebuild, key)
);

grant select, insert, update on {{schema}}.rebuild to {{role}};
grant select, insert, update, delete on {{schema}}.rebuild_progress, {{schema}}.rebuild_difference to {{role}};

-- For migrations: makes `live` one that can be rebuilt. Again after a migration that changes its columns.
-- Beside it comes rebuild_<live>, with its columns but for those `beside_events` that no event tells, and `fold` for
-- what folding has to remember beyond the row. The service may write that table as it likes; to the live one it gets
-- nothing but the function rebuild_mend_<live>, which puts rows right while a rebuild with a swap is running.
create function {{schema}}.make_rebuildable(live text, beside_events text[] default '{}') returns void language plpgsql as $make$
declare
  shadow text := 'rebuild_' || live;
  keys text[];
  columns text[];
  others text;
begin
  select array_agg(quote_ident(a.attname) order by array_position(i.indkey::int2[], a.attnum)) into keys
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
   where i.indrelid = format('{{schema}}.%I', live)::regclass and i.indisprimary;
  select array_agg(quote_ident(attname) order by attnum) into columns
    from pg_attribute
   where attrelid = format('{{schema}}.%I', live)::regclass and attnum > 0 and not attisdropped
     and attname <> all (beside_events);
  select string_agg(format('%1$s = excluded.%1$s', name), ', ') into others
    from unnest(columns) as name where name <> all (keys);

  execute format('drop table if exists {{schema}}.%I', shadow);
  execute format('create unlogged table {{schema}}.%I as select %s, null::json as fold from {{schema}}.%I with no data',
    shadow, array_to_string(columns, ', '), live);
  execute format('alter table {{schema}}.%I add primary key (%s)', shadow, array_to_string(keys, ', '));
  execute format('grant select, insert, update, delete, truncate on {{schema}}.%I to {{role}}', shadow);
  execute format('delete from {{schema}}.rebuild_progress p using {{schema}}.rebuild r where r.id = p.rebuild and r.read_model = %L', live);

  execute format($function$
create or replace function {{schema}}.%1$I(of_rebuild uuid, keys_given json, rows_given json) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $mend$
begin
  perform from {{schema}}.rebuild where id = of_rebuild and read_model = %2$L and state = 'running' and swap;
  if not found then raise exception 'no rebuild is swapping this' using errcode = 'SL002'; end if;
  delete from {{schema}}.%2$I
   where (%3$s) in (select %3$s from json_populate_recordset(null::{{schema}}.%4$I, keys_given))
     and (%3$s) not in (select %3$s from json_populate_recordset(null::{{schema}}.%4$I, rows_given));
  insert into {{schema}}.%2$I (%5$s)
  select %5$s from json_populate_recordset(null::{{schema}}.%4$I, rows_given)
  on conflict (%3$s) do update set %6$s;
end $mend$
$function$, 'rebuild_mend_' || live, live, array_to_string(keys, ', '), shadow, array_to_string(columns, ', '), others);
  execute format('revoke execute on function {{schema}}.%I(uuid, json, json) from public', 'rebuild_mend_' || live);
  execute format('grant execute on function {{schema}}.%I(uuid, json, json) to {{role}}', 'rebuild_mend_' || live);
end $make$;
revoke execute on function {{schema}}.make_rebuildable(text, text[]) from public;

select {{schema}}.make_rebuildable('stream_state');
