-- $1: raw schema.table names. How large those that exist are, with their partitions, by the statistics.
with recursive tree (name, relkind, oid) as (
    select wanted.name, c.relkind, c.oid
    from unnest($1::text[]) as wanted (name)
    join pg_catalog.pg_namespace n
        on n.nspname = pg_catalog.substr(wanted.name, 1, pg_catalog.strpos(wanted.name, '.') - 1)
    join pg_catalog.pg_class c
        on c.relnamespace = n.oid
        and c.relname = pg_catalog.substr(wanted.name, pg_catalog.strpos(wanted.name, '.') + 1)
    union all
    select tree.name, c.relkind, c.oid
    from tree
    join pg_catalog.pg_inherits i on i.inhparent = tree.oid
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where tree.relkind = 'p')
select
    tree.name,
    pg_catalog.sum(case when tree.relkind in ('r', 'm') then pg_catalog.pg_relation_size(tree.oid) else 0 end)::bigint as bytes,
    -- Before version 14 zero, and -1 since, where nobody has counted yet.
    pg_catalog.sum(case when tree.relkind in ('r', 'm') then nullif(greatest(c.reltuples, 0), 0) end)::bigint as rows
from tree
join pg_catalog.pg_class c on c.oid = tree.oid
group by tree.name
