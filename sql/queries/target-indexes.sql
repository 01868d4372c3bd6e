-- $1: quoted name of a table. What to take down before a first copy and how to make it again, in order.
-- Left alone: what a foreign key elsewhere refers to, what carries a comment, a storage setting, a tablespace or a role
-- (clustering, replica identity) that its definition does not bring back.
with wanted as (
    select i.indexrelid, i.indrelid, i.indisprimary, ic.relname, con.oid as constraint_oid, con.conname
    from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    left join pg_catalog.pg_constraint con on con.conindid = i.indexrelid and con.conrelid = i.indrelid and con.contype in ('p', 'u', 'x')
    where i.indrelid = $1::regclass
      and not i.indisclustered and not i.indisreplident and ic.reltablespace = 0 and ic.reloptions is null
      and not exists (select from pg_catalog.pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid)
      and not exists (
          select from pg_catalog.pg_description d
          where (d.classoid = 'pg_class'::regclass and d.objoid = i.indexrelid)
             or (d.classoid = 'pg_constraint'::regclass and d.objoid = con.oid))
      and not exists (select from pg_catalog.pg_attribute a where a.attrelid = i.indexrelid and a.attstattarget > 0)
)
select
    case when constraint_oid is null
        then pg_catalog.format('drop index %s', indexrelid::regclass)
        else pg_catalog.format('alter table %s drop constraint %I', indrelid::regclass, conname) end as take_down,
    case when constraint_oid is null
        then pg_catalog.pg_get_indexdef(indexrelid)
        else pg_catalog.format('alter table %s add constraint %I %s', indrelid::regclass, conname, pg_catalog.pg_get_constraintdef(constraint_oid)) end as put_back
from wanted
order by indisprimary desc, relname
