-- $1: raw schema.table names. By which columns each index leads to the rows of a table, one row an index, as far as those columns
-- are never NULL and have an order that the other server may have too; its class says which order that is.
with d as (
    select pg_catalog.to_jsonb(b) as j from pg_catalog.pg_database b where b.datname = pg_catalog.current_database()
), libc as (
    -- The version of the library, which is that of each of its languages.
    select (
        select pg_catalog.pg_collation_actual_version(s.oid) from pg_catalog.pg_collation s
        where s.collprovider = 'c' and s.collcollate::text not in ('C', 'POSIX') and s.collcollate::text not ilike 'C.%'
        limit 1) as version
), by_bytes as (
    -- Those of names like C.UTF-8 have no version, and each library its own. In UTF-8 the order of bytes is that of code points: in theirs it
    -- has to be that of the first character, all below the surrogates and one of 16 above, whatever follows.
    select co.oid
    from pg_catalog.pg_collation co
    join pg_catalog.pg_namespace n on n.oid = co.collnamespace
    cross join d
    where case
        when pg_catalog.current_setting('server_encoding') = 'UTF8'
            and case co.collprovider when 'd' then coalesce(d.j ->> 'datlocprovider', 'c') else co.collprovider::text end = 'c'
            and case co.collprovider when 'd' then d.j ->> 'datcollate' else co.collcollate::text end ilike 'C.%'
            then pg_catalog.query_to_xml(pg_catalog.format(
                $$select pg_catalog.bool_and(pg_catalog.chr(i) || 'b' < pg_catalog.chr(i + r.step) || 'a' collate %I.%I) as by_bytes
                  from (values (1, 55294, 1), (57344, 1114095, 16)) as r (first, last, step),
                      pg_catalog.generate_series(r.first, r.last, r.step) as i$$,
                n.nspname, co.collname), false, true, '')::text like '%>true<%'
        end
)
select
    wanted.name,
    leads.columns,
    leads.classes,
    leads.types
from unnest($1::text[]) as wanted (name)
cross join d
cross join libc
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
        join pg_catalog.pg_type t on t.oid = a.atttypid
        -- Counted from zero. Columns that an index only carries have none.
        join pg_catalog.pg_opclass oc on oc.oid = i.indclass[k.position - 1]
        -- The order of texts: by bytes, or as a version of a library has it for a language. Undefined where the version is not known.
        -- Fields that some versions lack are read by name.
        left join lateral (
            select case
                when l.provider = 'b' or l.provider = 'c' and l.locale in ('C', 'POSIX')
                    or exists (select from by_bytes b where b.oid = l.oid)
                    then ''
                else ' ' || l.provider || ' ' || pg_catalog.replace(pg_catalog.lower(l.locale), '-', '')
                    || coalesce(' ' || l.rules, '') || ' ' || case l.provider when 'c' then libc.version else l.version end
                    -- Texts that differ may be equal, and are in one range then.
                    || case when l.fixed then '' else ' not deterministic' end
                end as text_order
            from (
                select
                    co.oid,
                    case co.collprovider
                        -- Before version 15 a database had no other provider.
                        when 'd' then coalesce(d.j ->> 'datlocprovider', 'c')
                        else co.collprovider::text end as provider,
                    case
                        when co.collprovider <> 'd' then coalesce(c.j ->> 'colllocale', c.j ->> 'colliculocale', c.j ->> 'collcollate')
                        when coalesce(d.j ->> 'datlocprovider', 'c') = 'c' then d.j ->> 'datcollate'
                        else coalesce(d.j ->> 'datlocale', d.j ->> 'daticulocale') end as locale,
                    case co.collprovider when 'd' then d.j ->> 'daticurules' else c.j ->> 'collicurules' end as rules,
                    coalesce((c.j ->> 'collisdeterministic')::bool, true) as fixed,
                    case co.collprovider
                        when 'd' then d.j ->> 'datcollversion'
                        else pg_catalog.pg_collation_actual_version(co.oid) end as version
                from pg_catalog.pg_collation co
                cross join lateral (select pg_catalog.to_jsonb(co) as j) c
                where co.oid = a.attcollation) l) co on true
        cross join lateral (
            select case
                -- In the order in which they were declared.
                when t.typtype = 'e' then (
                    select pg_catalog.format('enum %s %s', t.oid::regtype, pg_catalog.array_agg(e.enumlabel order by e.enumsortorder))
                    from pg_catalog.pg_enum e where e.enumtypid = t.oid)
                when t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace then null
                when t.typname in ('int2', 'int4', 'int8') then 'integer'
                when t.typname in ('numeric', 'oid', 'uuid', 'date', 'time', 'timestamp', 'timestamptz', 'bytea', 'bool',
                        'float4', 'float8')
                    then t.typname::text
                when t.typname in ('text', 'varchar', 'bpchar')
                    then case t.typname when 'bpchar' then 'bpchar ' else 'text ' end
                        || pg_catalog.current_setting('server_encoding') || co.text_order
                end as class) o) k
    where k.usable) leads
where leads.columns is not null
order by wanted.name, i.indisprimary desc, i.indexrelid
