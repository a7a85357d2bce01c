-- For a role that opens what another one sealed.
grant usage on schema {{schema}} to {{role}};
grant select on {{schema}}.data_key to {{role}};
