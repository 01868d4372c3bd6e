-- $1: queues. One row: how many tables of those queues this database holds, which
-- of them are not the user's own, which have triggers of their own that replay by a mere owner of the tables can not keep to
-- their policy, and what is wrong with triggers that see whole statements. Type is pg_trigger's: 1 for each row,
-- 32 truncate.
with held as (
    select t.queue_name, t.table_name, t.table_attrs, c.oid, c.relowner
      from londiste.table_info t
     cross join lateral (select coalesce(t.dest_table, t.table_name)) d (name)
      join pg_catalog.pg_namespace n on n.nspname = pg_catalog.substr(d.name, 1, pg_catalog.strpos(d.name, '.') - 1)
      join pg_catalog.pg_class c
        on c.relnamespace = n.oid and c.relname = pg_catalog.substr(d.name, pg_catalog.strpos(d.name, '.') + 1)
     where t.local and t.queue_name = any ($1::text[])
), capture as (
    select h.queue_name, h.table_name, h.oid, p.oid as function, p.prosrc
      from held h
      join pg_catalog.pg_trigger g on g.tgrelid = h.oid and not g.tgisinternal and g.tgtype & 33 = 0
      join pg_catalog.pg_proc p on p.oid = g.tgfoid
      join pg_catalog.pg_namespace f on f.oid = p.pronamespace
     where f.nspname = 'trunkline_capture'
)
select
    (select count(*)::int from held) as tables,
    (select coalesce(json_agg(distinct h.table_name), '[]')
       from held h
      where not pg_catalog.pg_has_role(h.relowner, 'usage')) as not_owned,
    (select coalesce(json_agg(distinct h.table_name), '[]')
       from held h
       join pgq_node.node_info i on i.queue_name = h.queue_name and i.node_type <> 'root'
       join pg_catalog.pg_trigger g on g.tgrelid = h.oid and not g.tgisinternal and g.tgenabled in ('O', 'R')
       join pg_catalog.pg_proc p on p.oid = g.tgfoid
       join pg_catalog.pg_namespace f on f.oid = p.pronamespace
      where f.nspname not in ('pgq', 'trunkline_capture')
        and coalesce(h.table_attrs, '') !~ '(^|&)user_triggers=fire(&|$)') as misfiring,
    (select coalesce(json_agg(distinct c.table_name), '[]')
       from capture c
       join pg_catalog.pg_inherits i on i.inhrelid = c.oid) as children
