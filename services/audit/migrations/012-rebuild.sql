-- What can be rebuilt from the topics: src/rebuild.
select {{schema}}.make_rebuildable('history');
