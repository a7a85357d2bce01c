import type { Pool } from 'pg';

/** Everything in a schema that a migration can make, as text that compares line by line. Roles appear as given in `names`. */
export async function dumpSchema(pool: Pool, schema: string, names: Record<string, string>): Promise<string> {
  const lines: string[] = [];
  for (const { title, text } of SECTIONS) {
    const { rows } = await pool.query<{ line: string }>(text, [schema]);
    lines.push(`-- ${title}`, ...rows.map((row) => row.line), '');
  }
  return Object.entries(names).reduce((dump, [from, to]) => dump.replaceAll(from, to), lines.join('\n'));
}

const SECTIONS = [
  {
    title: 'columns',
    text: `
select format('%s.%s %s%s%s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attnotnull then ' not null' end,
              ' default ' || pg_get_expr(d.adbin, d.adrelid),
              case a.attidentity when 'a' then ' generated always as identity' end,
              case when a.attstorage <> t.typstorage then ' storage ' || a.attstorage::text end,
              ' statistics ' || a.attstattarget) as line
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where c.relnamespace = $1::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
 order by c.relname, a.attnum`,
  },
  {
    title: 'table options',
    text: `
select format('%s %s', relname, reloptions) as line
  from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and reloptions is not null order by relname`,
  },
  {
    title: 'constraints',
    text: `
select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as line
  from pg_constraint where connamespace = $1::regnamespace and contype <> 'n' order by conrelid::regclass::text, conname`,
  },
  {
    title: 'indexes',
    text: `select indexdef as line from pg_indexes where schemaname = ($1::regnamespace)::text order by tablename, indexname`,
  },
  {
    title: 'functions',
    text: `select pg_get_functiondef(oid) as line from pg_proc where pronamespace = $1::regnamespace order by proname`,
  },
  {
    title: 'privileges',
    text: `
select format('%s %s: %s', kind, name, string_agg(privilege, ', ' order by privilege)) as line
  from (
    select 'table' as kind, c.relname as name, g.grantee, lower(g.privilege_type) as privilege
      from pg_class c, aclexplode(c.relacl) g where c.relnamespace = $1::regnamespace and g.grantee <> c.relowner
    union all
    select 'function', p.proname, g.grantee, lower(g.privilege_type)
      from pg_proc p, aclexplode(p.proacl) g where p.pronamespace = $1::regnamespace and g.grantee <> p.proowner
    union all
    select 'schema', n.nspname, g.grantee, lower(g.privilege_type)
      from pg_namespace n, aclexplode(n.nspacl) g where n.oid = $1::regnamespace and g.grantee <> n.nspowner
  ) granted
 group by kind, name, grantee order by kind, name`,
  },
];
