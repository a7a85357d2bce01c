-- What can be rebuilt from events: src/rebuild. The order of lists and what the sweeper noted are told by no event.
select {{schema}}.make_rebuildable('grant_record', '{seq}');
select {{schema}}.make_rebuildable('accreditation', '{snapshots_after}');
