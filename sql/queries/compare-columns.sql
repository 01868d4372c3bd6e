-- $1: raw schema.table names. The columns of those that exist, in their order; a table without columns gives one NULL.
select
    wanted.name,
    c.relkind::text as kind,
    a.attname as column_name,
    -- Before version 12 no column is generated, and the catalog does not know the word.
    coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') <> '' as generated,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    -- Nobody promises another's type on the other side.
    (select t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and t.typtype = 'b'
        from pg_catalog.pg_type t where t.oid = a.atttypid) as built_in,
    -- Printed with the server's own currency sign.
    a.atttypid = 'pg_catalog.money'::pg_catalog.regtype as money,
    -- What tells its rows apart: the primary key, or else a unique index without NULLs.
    coalesce(a.attnum = any(identity.columns), false) as in_key
from unnest($1::text[]) as wanted (name)
join pg_catalog.pg_namespace n
    on n.nspname = pg_catalog.substr(wanted.name, 1, pg_catalog.strpos(wanted.name, '.') - 1)
join pg_catalog.pg_class c
    on c.relnamespace = n.oid
    and c.relname = pg_catalog.substr(wanted.name, pg_catalog.strpos(wanted.name, '.') + 1)
    and c.relkind in ('r', 'p', 'f', 'v', 'm')
left join lateral (
    select array(
        select k.attnum
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
        -- Before version 11 an index has no columns beside its key, and the catalog does not know the word.
        where k.position <= coalesce((pg_catalog.to_jsonb(i) ->> 'indnkeyatts')::int, i.indnatts)) as columns
    from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and not exists (
            select from pg_catalog.pg_attribute n
            where n.attrelid = c.oid and n.attnum = any(i.indkey) and not n.attnotnull)
    order by i.indisprimary desc, i.indexrelid
    limit 1) identity on true
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
order by wanted.name, a.attnum
