-- What is made public of a month: counts without persons. Each partition's worker counts in rows of its own, so that no two
-- wait for each other.
create table {{schema}}.figure (
  month date not null,
  partition smallint not null,
  agency text not null,
  purpose text not null,
  -- released, refused, withdrawn
  measure text not null,
  count bigint not null,
  primary key (month, partition, agency, purpose, measure)
) with (fillfactor = 80);

-- Withdrawals that are not effective yet.
create table {{schema}}.figure_withdrawal (
  grant_id uuid not null,
  -- The grant's version that the fence will name.
  version integer not null,
  recorded_at timestamptz not null,
  primary key (grant_id, version)
);

-- How long withdrawals took, as a histogram: src/domain/figures/time-buckets.ts.
create table {{schema}}.figure_time (
  -- The month in which they were recorded.
  month date not null,
  partition smallint not null,
  bucket smallint not null,
  count bigint not null,
  primary key (month, partition, bucket)
) with (fillfactor = 80);

-- Counts what a pull brought, in the transaction that takes it in: once, as the pull itself.
create function {{schema}}.count_figures(
  of_partition smallint,
  months date[], agencies text[], purposes text[], measures text[], counts bigint[],
  stopped uuid[], stopped_versions integer[], stopped_at timestamptz[],
  fenced uuid[], fenced_versions integer[], fenced_at timestamptz[]
) returns void
language plpgsql volatile parallel unsafe
set plan_cache_mode = force_generic_plan
as $$
begin
  if cardinality(months) > 0 then
    insert into {{schema}}.figure as held (month, partition, agency, purpose, measure, count)
    select month, of_partition, agency, purpose, measure, count
      from unnest(months, agencies, purposes, measures, counts) as counted (month, agency, purpose, measure, count)
    on conflict (month, partition, agency, purpose, measure) do update set count = held.count + excluded.count;
  end if;
  if cardinality(stopped) > 0 then
    insert into {{schema}}.figure_withdrawal (grant_id, version, recorded_at)
    select * from unnest(stopped, stopped_versions, stopped_at)
    on conflict do nothing;
  end if;
  if cardinality(fenced) > 0 then
    with effective as (
      delete from {{schema}}.figure_withdrawal waiting
       using unnest(fenced, fenced_versions, fenced_at) as fence (grant_id, version, at)
       where waiting.grant_id = fence.grant_id and waiting.version = fence.version
      returning waiting.recorded_at, extract(epoch from fence.at - waiting.recorded_at) * 1000 as ms
    )
    insert into {{schema}}.figure_time as held (month, partition, bucket, count)
    select date_trunc('month', recorded_at at time zone 'UTC')::date, of_partition,
           ceil(8 * log(2, greatest(ms, 1)::numeric))::smallint, count(*)
      from effective group by 1, 3
    on conflict (month, partition, bucket) do update set count = held.count + excluded.count;
  end if;
end $$;
revoke execute on function {{schema}}.count_figures(smallint, date[], text[], text[], text[], bigint[],
  uuid[], integer[], timestamptz[], uuid[], integer[], timestamptz[]) from public;
grant execute on function {{schema}}.count_figures(smallint, date[], text[], text[], text[], bigint[],
  uuid[], integer[], timestamptz[], uuid[], integer[], timestamptz[]) to {{role}};

grant select, insert, update on {{schema}}.figure, {{schema}}.figure_time to {{role}};
grant select, insert, delete on {{schema}}.figure_withdrawal to {{role}};
