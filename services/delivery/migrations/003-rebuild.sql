-- What can be rebuilt from consent.events, registry.events and the ledger: src/rebuild.
select {{schema}}.make_rebuildable('subject');

-- The epoch that a rebuild raised, so that what a worker holds in memory of rows that were replaced is worth nothing:
-- while it is the present one, nobody else has taken the partition, and the worker takes it again.
alter table {{schema}}.partition add column rebuilt_epoch int;
