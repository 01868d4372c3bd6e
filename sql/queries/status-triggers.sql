-- $1: queues. One row: which of the replicated tables exist, and the triggers on them whose first argument names the
-- queue. Type is pg_trigger's: 4 insert, 8 delete, 16 update, 32 truncate.
select coalesce(json_agg(json_build_object(
    'queue', t.queue_name,
    'table', t.table_name,
    'triggers', (
        select coalesce(json_agg(json_build_object(
                   'name', g.tgname, 'enabled', g.tgenabled, 'type', g.tgtype) order by g.tgname), '[]')
          from pg_catalog.pg_trigger g
          join pg_catalog.pg_proc p on p.oid = g.tgfoid
          join pg_catalog.pg_namespace f on f.oid = p.pronamespace
         where g.tgrelid = c.oid
           and not g.tgisinternal
           -- One with a condition of its own does not see every change.
           and g.tgqual is null
           and f.nspname in ('pgq', 'trunkline_capture')
           -- Arguments are bytes, each with a zero behind it. A trigger of the user may have none, and be looked at before its schema is.
           and pg_catalog.substr(g.tgargs, 1, greatest(position(E'\\x00'::bytea in g.tgargs) - 1, 0))
               = pg_catalog.convert_to(t.queue_name, pg_catalog.getdatabaseencoding())))), '[]') as tables
from londiste.table_info t
cross join lateral (select coalesce(t.dest_table, t.table_name)) as d (name)
join pg_catalog.pg_namespace n on n.nspname = pg_catalog.substr(d.name, 1, pg_catalog.strpos(d.name, '.') - 1)
join pg_catalog.pg_class c
    on c.relnamespace = n.oid and c.relname = pg_catalog.substr(d.name, pg_catalog.strpos(d.name, '.') + 1)
where t.local and t.queue_name = any ($1::text[])
