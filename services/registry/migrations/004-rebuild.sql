-- What can be rebuilt from events: src/rebuild.
select {{schema}}.make_rebuildable('publisher');
