-- Everything that lies in the schemas $1, but for members of extensions and what goes with another object.
select n.nspname::text as schema,
       case d.classid
           when 'pg_catalog.pg_proc'::regclass then 'function'
           when 'pg_catalog.pg_class'::regclass then
               case c.relkind when 'r' then 'table' when 'S' then 'sequence' else 'other' end
           else 'other'
       end as kind,
       coalesce(p.proname, c.relname)::text as name,
       i.identity,
       pg_catalog.pg_describe_object(d.classid, d.objid, 0) as described,
       -- Of a sequence: the table that it goes with.
       (select pg_catalog.format('%s.%s', tn.nspname, t.relname)
          from pg_catalog.pg_depend o
          join pg_catalog.pg_class t on t.oid = o.refobjid
          join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
         where o.classid = d.classid
           and o.objid = d.objid
           and o.refclassid = 'pg_catalog.pg_class'::regclass
           and o.deptype in ('a', 'i')
         limit 1) as owner
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
  cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
  left join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
  left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
 where n.nspname = any($1::text[])
   and not exists (
           select
             from pg_catalog.pg_depend e
            where e.classid = d.classid
              and e.objid = d.objid
              and e.deptype = 'e')
 order by n.nspname, kind, i.identity
