-- One row: what Londiste knows of tables and sequences here, as JSON. Trigger arguments are bytes with a zero between
-- them, so they travel as hex.
with queue_trigger as (
    select n.nspname || '.' || c.relname as table_name,
           g.tgname,
           json_build_array(g.tgname, g.tgenabled, pn.nspname || '.' || p.proname, encode(g.tgargs, 'hex'), g.tgtype) as facts
      from pg_catalog.pg_trigger g
      join pg_catalog.pg_class c on c.oid = g.tgrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_proc p on p.oid = g.tgfoid
      join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
     where g.tgname ~ '^(zzz_)*_londiste_'
       and not g.tgisinternal
)
select
    (select coalesce(json_agg(json_build_array(
         t.queue_name, t.table_name, t.local, t.merge_state, t.table_attrs, t.dest_table, t.dropped_ddl is not null, g.list)
         order by t.queue_name, t.nr), '[]')
       from londiste.table_info t
       left join (
           select q.table_name, json_agg(q.facts order by q.tgname) as list
             from queue_trigger q
            group by q.table_name
       ) g on t.local and g.table_name = coalesce(t.dest_table, t.table_name)) as tables,
    (select coalesce(json_agg(json_build_array(s.queue_name, s.seq_name, s.local, s.last_value::text)
         order by s.queue_name, s.nr), '[]')
       from londiste.seq_info s) as sequences
