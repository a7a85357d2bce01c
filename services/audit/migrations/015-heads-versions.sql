-- An epoch's map is written beside the one that stands, in short transactions, and stands once `heads` names it: one
-- long transaction made every relay of the cluster wait, whose fence is the oldest transaction that may still write.

-- First, because whoever folds or reads begins with it. True from before the first row of an epoch is written until the
-- rows that it replaces are gone.
alter table {{schema}}.heads add column making boolean not null default false;

-- Each row by the epoch that wrote it; of a bucket or a tile the newest up to `heads.epoch` counts. Under new names: an
-- instance of an older version must not read one of several rows for the only one.
alter table {{schema}}.heads_bucket rename to map_bucket;
alter table {{schema}}.map_bucket add column epoch bigint not null default 0;
alter table {{schema}}.map_bucket alter column epoch drop default;
alter table {{schema}}.map_bucket drop constraint heads_bucket_pkey;
alter table {{schema}}.map_bucket add primary key (bucket, epoch);

alter table {{schema}}.heads_tile rename to map_tile;
alter table {{schema}}.map_tile add column epoch bigint not null default 0;
alter table {{schema}}.map_tile alter column epoch drop default;
alter table {{schema}}.map_tile drop constraint heads_tile_pkey;
alter table {{schema}}.map_tile add primary key (level, index, epoch);

grant delete on {{schema}}.map_bucket, {{schema}}.map_tile to {{role}};
