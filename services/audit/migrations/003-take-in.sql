-- All that one pull leads to, in one statement and one commit. The columns of the history come as arrays in binary form.
-- Raises 'partition lost' (SQLSTATE SL001) where the epoch is not the present one, or an offset is not where the intake
-- stands: nothing has then changed.
create function {{schema}}.take_in(
  of_partition smallint, of_epoch integer,
  topics text[], first_offsets bigint[], next_offsets bigint[], counts integer[], digests bytea[], links bytea[],
  log_topics text[], log_sources text[], log_xids bigint[], log_positions bigint[],
  subjects uuid[], times timestamptz[], refs bigint[], entries bytea[],
  ledger_sequences bigint[], ledger_digests bytea[], ledger_offsets bigint[],
  agencies text[], lane_sequences bigint[], lane_digests bytea[],
  alarm_kinds text[], alarm_places text[], alarm_expected text[], alarm_found text[]
) returns void
language plpgsql volatile parallel unsafe
set plan_cache_mode = force_generic_plan
as $$
declare
  moved integer;
begin
  perform from {{schema}}.partition where partition = of_partition and epoch = of_epoch for update;
  if not found then raise exception 'partition lost' using errcode = 'SL001'; end if;

  update {{schema}}.source held set next_offset = pulled.next_offset, link = pulled.link
    from unnest(topics, first_offsets, next_offsets, links) as pulled (topic, first_offset, next_offset, link)
   where held.topic = pulled.topic and held.partition = of_partition and held.next_offset = pulled.first_offset;
  get diagnostics moved = row_count;
  if moved <> cardinality(topics) then raise exception 'partition lost' using errcode = 'SL001'; end if;

  insert into {{schema}}.intake (topic, partition, first_offset, next_offset, count, digest, link)
  select topic, of_partition, first_offset, next_offset, count, digest, link
    from unnest(topics, first_offsets, next_offsets, counts, digests, links)
      as pulled (topic, first_offset, next_offset, count, digest, link);

  insert into {{schema}}.log_position (topic, partition, source, xid, position)
  select topic, of_partition, source, xid, position
    from unnest(log_topics, log_sources, log_xids, log_positions) as seen (topic, source, xid, position)
  on conflict (topic, partition, source) do update set xid = excluded.xid, position = excluded.position;

  insert into {{schema}}.history (subject, at, ref, entry)
  select * from unnest(subjects, times, refs, entries);

  insert into {{schema}}.ledger (partition, sequence, digest, ledger_offset)
  select of_partition, sequence, digest, ledger_offset
    from unnest(ledger_sequences, ledger_digests, ledger_offsets) as taken (sequence, digest, ledger_offset);

  insert into {{schema}}.lane (agency, lane, sequence, digest)
  select agency, of_partition, sequence, digest
    from unnest(agencies, lane_sequences, lane_digests) as reached (agency, sequence, digest)
  on conflict (agency, lane) do update set sequence = excluded.sequence, digest = excluded.digest;

  insert into {{schema}}.alarm (kind, place, expected, found)
  select * from unnest(alarm_kinds, alarm_places, alarm_expected, alarm_found)
  on conflict on constraint alarm_once do nothing;
end $$;
revoke execute on function {{schema}}.take_in(smallint, integer, text[], bigint[], bigint[], integer[], bytea[], bytea[], text[], text[], bigint[], bigint[],
  uuid[], timestamptz[], bigint[], bytea[], bigint[], bytea[], bigint[], text[], bigint[], bytea[], text[], text[], text[], text[])
  from public;
grant execute on function {{schema}}.take_in(smallint, integer, text[], bigint[], bigint[], integer[], bytea[], bytea[], text[], text[], bigint[], bigint[],
  uuid[], timestamptz[], bigint[], bytea[], bigint[], bytea[], bigint[], text[], bigint[], bytea[], text[], text[], text[], text[])
  to {{role}};
