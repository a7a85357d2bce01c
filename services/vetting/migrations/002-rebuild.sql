-- What can be rebuilt from the log: src/rebuild.
select {{schema}}.make_rebuildable('agency');
