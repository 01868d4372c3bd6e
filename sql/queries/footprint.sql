-- Tables of users, and what of them a statement of this transaction may have changed.
select c.oid::text as oid,
       n.nspname || '.' || c.relname as name,
       c.relfilenode::text as storage,
       case when c.relkind = 'p' then 0 else pg_catalog.pg_relation_size(c.oid)::float8 end as bytes,
       (select count(*)::int from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attisdropped) as "droppedColumns",
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)::int as deleted
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'm')
   and c.relpersistence <> 't'
   and n.nspname not like 'pg\_%'
   and n.nspname not in ('information_schema', 'pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline')
