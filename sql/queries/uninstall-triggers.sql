-- Triggers that call a function in the schemas $1, on tables inside them or elsewhere.
select pg_catalog.format('%I on %I.%I', t.tgname, cn.nspname, c.relname) as trigger,
       cn.nspname = any($1::text[]) as inside
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_proc p on p.oid = t.tgfoid
  join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
 where pn.nspname = any($1::text[])
   and not t.tgisinternal
   and not exists (
           select
             from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::regclass
              and e.objid = c.oid
              and e.deptype = 'e')
 order by 1
