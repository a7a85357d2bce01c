lock table {{schema}}.history, {{schema}}.agency_activity, {{schema}}.intake, {{schema}}.ledger, {{schema}}.log_block,
  {{schema}}.map_bucket, {{schema}}.map_tile, {{schema}}.heads_feed in share update exclusive mode;

select {{schema}}.only_added_to(log)
  from unnest(array['history', 'agency_activity', 'intake', 'ledger', 'log_block']) as log;

-- Nobody asks how hashes are distributed, and these come anew with every epoch of heads.
alter table {{schema}}.map_bucket alter column heads set statistics 0;
alter table {{schema}}.map_tile alter column hashes set statistics 0;
alter table {{schema}}.heads_feed alter column rows set statistics 0;
