lock table {{schema}}.batch, {{schema}}.block in share update exclusive mode;

select {{schema}}.only_added_to(log) from unnest(array['batch', 'block']) as log;
