select {{schema}}.only_added_to(log) from unnest(array['batch', 'block']) as log;
