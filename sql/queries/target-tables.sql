-- $1: text[] of raw schema.table names. One row, one JSON array; a table that is not there is left out.
select coalesce(json_agg(json_build_object(
    'name', n.nspname || '.' || c.relname,
    'partitioned', c.relkind = 'p',
    'columns', (
        select coalesce(json_agg(json_build_object(
            'name', a.attname,
            'type', pg_catalog.format_type(a.atttypid, -1),
            'fullType', pg_catalog.format_type(a.atttypid, a.atttypmod),
            -- Names of things that are numbers inside are other numbers in another database; some types have no binary form.
            'builtIn', t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b'
                and e.typname not like 'reg%' and e.typsend <> 0,
            -- Numbers with a point, timestamptz, interval, citext, JSON, arrays, ranges and what else is not listed here.
            'manyTexts', not (b.typtype = 'e' or b.oid = any ('{
                bool, "\"char\"", name, int8, int2, int4, text, oid, macaddr8, macaddr, inet, cidr, bpchar, varchar, date, time,
                timestamp, timetz, bit, varbit, uuid, pg_lsn}'::regtype[]))
                or (b.oid = 'bpchar'::regtype and a.atttypmod = -1)
                or coalesce(not l.collisdeterministic, false),
            -- Itself, or a type in which there may be intervals.
            'intervals', b.typtype in ('c', 'r', 'm') or 'interval'::regtype in (b.oid, b.typelem)
                or coalesce(be.typtype in ('c', 'd', 'r', 'm'), false),
            -- That of a type which an extension brings is where the extension is, and not always in the search path.
            'equals', case when b.typtype <> 'b' or b.typcategory = 'A' or b.typnamespace = 'pg_catalog'::regnamespace
                then 'operator(pg_catalog.=)'
                else coalesce((
                    select pg_catalog.format('operator(%I.%s)', on_.nspname, o.oprname)
                    from pg_catalog.pg_index i
                    cross join lateral unnest(i.indkey::int2[], i.indclass::oid[]) k(attnum, opclass)
                    join pg_catalog.pg_opclass f on f.oid = k.opclass
                    join pg_catalog.pg_amop m on m.amopfamily = f.opcfamily and m.amopstrategy = 3
                        and m.amoplefttype = f.opcintype and m.amoprighttype = f.opcintype
                    join pg_catalog.pg_operator o on o.oid = m.amopopr
                    join pg_catalog.pg_namespace on_ on on_.oid = o.oprnamespace
                    where i.indrelid = c.oid and i.indisunique and k.attnum = a.attnum
                    order by i.indisprimary desc limit 1), '=') end,
            'generated', a.attgenerated <> '',
            'unchangeable', a.attidentity = 'a'
        ) order by a.attnum), '[]')
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_type t on t.oid = a.atttypid
        join pg_catalog.pg_type e on e.oid = case t.typelem when 0 then t.oid else t.typelem end
        join pg_catalog.pg_type b on b.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
        left join pg_catalog.pg_type be on be.oid = b.typelem
        left join pg_catalog.pg_collation l on l.oid = a.attcollation
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    'key', (
        select coalesce(json_agg(a.attname order by k.position), '[]')
        from pg_catalog.pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality k(attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary and k.position <= i.indnkeyatts),
    'ordered', exists (
        select from pg_catalog.pg_trigger g
        where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('A', 'R')),
    -- Which has no index: read once for all tables.
    'referenced', c.oid in (
        select f.confrelid from pg_catalog.pg_constraint f
        where f.contype = 'f' and f.conrelid <> f.confrelid),
    -- A session that is a replica neither checks foreign keys nor fires what follows.
    'references', (
        select coalesce(json_agg(distinct jsonb_build_object(
            'table', fn.nspname || '.' || fc.relname,
            'deferrable', f.condeferrable)), '[]')
        from pg_catalog.pg_constraint f
        join pg_catalog.pg_class fc on fc.oid = f.confrelid
        join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
        where f.conrelid = c.oid and f.contype = 'f'
          and pg_catalog.current_setting('session_replication_role') <> 'replica'),
    'misfiring', (
        select coalesce(json_agg(g.tgname order by g.tgname), '[]')
        from pg_catalog.pg_trigger g
        join pg_catalog.pg_proc p on p.oid = g.tgfoid
        where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('O', 'R')
          and p.pronamespace <> all (array(
              select s.oid from pg_catalog.pg_namespace s where s.nspname in ('pgq', 'trunkline_capture')))
          and pg_catalog.current_setting('session_replication_role') <> 'replica')
)), '[]') as tables
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join unnest($1::text[]) wanted(name) on wanted.name = n.nspname || '.' || c.relname
where c.relkind in ('r', 'p')
