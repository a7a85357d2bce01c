-- What autovacuum does by itself to tables that grow for ever is felt in how long changes are on their way: it looks at
-- 30,000 pages of a sample each time a table is a tenth larger, sealed values too, and cleans up a fifth of it at once.

-- Before anything else: whoever waits for a lock with a transaction id in hand holds up every relay of the cluster.
lock table {{schema}}.event, {{schema}}.stream_state, {{schema}}.idempotency in share update exclusive mode;

-- For migrations: `log` is only added to. Its pages are frozen when they are first visited, every 100,000 rows (without
-- that threshold it would be every minute: PostgreSQL 18 counts what is not frozen yet), at a quarter of the pace; and its
-- rows are found by keys, for which a small sample does. Lock the table first, as above.
create function {{schema}}.only_added_to(log text) returns void language plpgsql as $upkeep$
declare
  name text;
  target integer;
begin
  execute format('alter table {{schema}}.%I set (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_vacuum_cost_delay = 8, autovacuum_analyze_scale_factor = 0.5)', log);
  for name, target in
    select attname, case when atttypid in ('bytea'::regtype, 'json'::regtype) then 0 else 10 end
      from pg_attribute where attrelid = format('{{schema}}.%I', log)::regclass and attnum > 0 and not attisdropped
  loop
    execute format('alter table {{schema}}.%I alter column %I set statistics %s', log, name, target);
  end loop;
end $upkeep$;
revoke execute on function {{schema}}.only_added_to(text) from public;

select {{schema}}.only_added_to(log) from unnest(array['event', 'idempotency']) as log;

-- Nobody asks how sealed states are distributed.
alter table {{schema}}.stream_state alter column state set statistics 0;
