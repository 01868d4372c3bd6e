-- $1: queue, $2: table on the queue, $3 and $4: schema and name of the table here. One row: what the table looks like now,
-- null where there is none, and what Londiste knows of it, null where it does not replicate here.
select
    (select json_build_object(
         'columns', (
             select coalesce(json_agg(json_build_array(
                        a.attname,
                        pg_catalog.format_type(a.atttypid, a.atttypmod),
                        a.attnotnull,
                        a.atthasdef and a.attgenerated = '' or a.attidentity <> '',
                        nullif(a.attgenerated, '')) order by a.attnum), '[]')
               from pg_catalog.pg_attribute a
              where a.attrelid = c.oid
                and a.attnum > 0
                and not a.attisdropped),
         'key', (
             select json_agg(a.attname order by k.position)
               from pg_catalog.pg_index i
              cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, position)
               join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where i.indrelid = c.oid
                and i.indisprimary
                and i.indisvalid
                and k.position <= i.indnkeyatts))
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $3
        and c.relname = $4
        and c.relkind in ('r', 'p')) as facts,
    (select json_build_object('attrs', t.table_attrs, 'target', coalesce(t.dest_table, t.table_name))
       from londiste.table_info t
      where t.queue_name = $1
        and t.table_name = $2
        and t.local) as replicated
