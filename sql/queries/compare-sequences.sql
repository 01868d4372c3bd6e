-- $1: raw schema.sequence names. Those of them that exist, and which way they count.
select wanted.name, s.seqincrement < 0 as falls
from unnest($1::text[]) as wanted (name)
join pg_catalog.pg_namespace n
    on n.nspname = pg_catalog.substr(wanted.name, 1, pg_catalog.strpos(wanted.name, '.') - 1)
join pg_catalog.pg_class c
    on c.relnamespace = n.oid
    and c.relname = pg_catalog.substr(wanted.name, pg_catalog.strpos(wanted.name, '.') + 1)
    and c.relkind = 'S'
join pg_catalog.pg_sequence s on s.seqrelid = c.oid
