-- $1: raw schema.table names. By which columns each index leads to the rows of a table, one row an index, as far as those columns
-- are never NULL and have an order that is the same on every server; its class says which order that is.
select
    wanted.name,
    leads.columns,
    leads.classes,
    leads.types
from unnest($1::text[]) as wanted (name)
join pg_catalog.pg_namespace n
    on n.nspname = pg_catalog.substr(wanted.name, 1, pg_catalog.strpos(wanted.name, '.') - 1)
join pg_catalog.pg_class c
    on c.relnamespace = n.oid
    and c.relname = pg_catalog.substr(wanted.name, pg_catalog.strpos(wanted.name, '.') + 1)
    and c.relkind in ('r', 'p', 'm')
join pg_catalog.pg_index i
    on i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indexprs is null
join pg_catalog.pg_class ic on ic.oid = i.indexrelid
join pg_catalog.pg_am am on am.oid = ic.relam and am.amname = 'btree'
cross join lateral (
    select
        pg_catalog.array_agg(k.column_name order by k.position) as columns,
        pg_catalog.array_agg(k.class order by k.position) as classes,
        pg_catalog.array_agg(k.type order by k.position) as types
    from (
        select
            k.position,
            a.attname::text as column_name,
            o.class,
            case o.class when 'integer' then 'bigint' else pg_catalog.format_type(a.atttypid, null) end as type,
            -- All before it too: an index leads by its first columns.
            pg_catalog.bool_and(coalesce(a.attnotnull and oc.opcdefault and o.class is not null, false))
                over (order by k.position) as usable
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        left join pg_catalog.pg_type t
            on t.oid = a.atttypid and t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
        -- Counted from zero. Columns that an index only carries have none.
        join pg_catalog.pg_opclass oc on oc.oid = i.indclass[k.position - 1]
        left join pg_catalog.pg_collation co on co.oid = a.attcollation
        cross join lateral (
            select case
                when t.typname in ('int2', 'int4', 'int8') then 'integer'
                when t.typname in ('numeric', 'oid', 'uuid', 'date', 'time', 'timestamp', 'timestamptz', 'bytea', 'bool')
                    then t.typname::text
                -- By bytes; in any other order a text may stand elsewhere on another server.
                when t.typname in ('text', 'varchar', 'bpchar') and (
                        co.collname in ('C', 'POSIX')
                        or co.collname = 'default' and exists (
                            select from pg_catalog.pg_database d
                            where d.datname = pg_catalog.current_database() and d.datcollate in ('C', 'POSIX')
                                -- Before version 15 a database had no other provider.
                                and coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'))
                    then case t.typname when 'bpchar' then 'bpchar ' else 'text ' end
                        || pg_catalog.current_setting('server_encoding')
                end as class) o) k
    where k.usable) leads
where leads.columns is not null
order by wanted.name, i.indisprimary desc, i.indexrelid
