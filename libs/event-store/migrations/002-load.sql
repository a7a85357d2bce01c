-- States of streams and replies of idempotency keys, in one round trip and one value each.
--
-- Result, for every asked stream in order: int4 version, int4 length of the state, the state; 0 and -1 when it is absent.
-- Planned without sequential scans: a plan made while a table is small is kept while a filing fills it,
-- and one scan per batch would then grow with the table.
create function {{schema}}.load(streams uuid[], keys bytea[], out states bytea, out replies json)
language plpgsql stable parallel unsafe
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  select string_agg(
           coalesce(
             (select int4send(held.version) || int4send(length(held.state)) || held.state
                from {{schema}}.stream_state held where held.stream = asked.stream),
             '\x00000000ffffffff'),
           ''::bytea order by asked.place)
    into states
    from unnest(streams) with ordinality as asked (stream, place);

  select json_agg(found.reply) into replies
    from (select (select json_build_array(asked.place, encode(past.request_digest, 'hex'), past.version, past.reply)
                    from {{schema}}.idempotency past where past.key = asked.key) as reply
            from unnest(keys) with ordinality as asked (key, place)) found
   where found.reply is not null;
end $$;
revoke execute on function {{schema}}.load(uuid[], bytea[]) from public;
grant execute on function {{schema}}.load(uuid[], bytea[]) to {{role}};
