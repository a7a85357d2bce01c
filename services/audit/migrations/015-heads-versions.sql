-- An epoch's map is written beside the one that stands, in short transactions, and stands once `heads` names it: one
-- long transaction made every relay of the cluster wait, whose fence is the oldest transaction that may still write.

-- By the epoch that wrote it; the newest up to `heads.epoch` counts.
alter table {{schema}}.heads_bucket add column epoch bigint not null default 0;
alter table {{schema}}.heads_bucket alter column epoch drop default;
alter table {{schema}}.heads_bucket drop constraint heads_bucket_pkey;
alter table {{schema}}.heads_bucket add primary key (bucket, epoch);

alter table {{schema}}.heads_tile add column epoch bigint not null default 0;
alter table {{schema}}.heads_tile alter column epoch drop default;
alter table {{schema}}.heads_tile drop constraint heads_tile_pkey;
alter table {{schema}}.heads_tile add primary key (level, index, epoch);

-- Something may have been written for a later epoch than the one that stands.
alter table {{schema}}.heads add column making boolean not null default false;

grant delete on {{schema}}.heads_bucket, {{schema}}.heads_tile to {{role}};
