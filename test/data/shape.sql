-- $1: a schema. Everything about its tables and sequences that pg_dump would write, one text a line, so that two databases can be
-- compared. What an owner may do by itself differs between versions, and is left out. Written apart from what `create: full` reads with: what that forgets, this is to notice.
select line from (
    select concat('schema ', n.nspname, ' of ', pg_get_userbyid(n.nspowner), ' ', n.nspacl::text, ' ', obj_description(n.oid)) as line
      from pg_namespace n where n.nspname = $1
    union all
    select concat('relation ', c.relname, ' ', c.relkind, case when c.relkind <> 'S' then c.relpersistence end, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
                  ' of ', pg_get_userbyid(c.relowner), ' ', (select string_agg(concat(x.grantee::regrole, x.privilege_type, x.is_grantable), ',' order by x.grantee::regrole::text, x.privilege_type)
                      from aclexplode(c.relacl) x where x.grantee <> c.relowner), ' ', c.reloptions, ' ', obj_description(c.oid, 'pg_class'),
                  ' ', pg_get_expr(c.relpartbound, c.oid), case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end)
      from pg_class c where c.relnamespace = $1::regnamespace and c.relkind <> 'i' and c.relkind <> 'I' and c.relkind <> 'c'
    union all
    select concat('column ', c.relname, '.', a.attname, ' ', format_type(a.atttypid, a.atttypmod), ' ', a.attnotnull, ' ', a.attidentity, a.attgenerated,
                  a.attstorage, ' ', nullif(a.attstattarget, -1), ' ', a.attoptions, ' ', (select string_agg(concat(x.grantee::regrole, x.privilege_type, x.is_grantable), ',' order by x.grantee::regrole::text, x.privilege_type)
                      from aclexplode(a.attacl) x), ' ', (select k.collname from pg_collation k where k.oid = a.attcollation),
                  ' ', pg_get_expr(d.adbin, d.adrelid), ' ', col_description(c.oid, a.attnum), ' ', pg_get_serial_sequence(c.oid::regclass::text, a.attname))
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'c')
    union all
    select concat('constraint ', c.relname, '.', k.conname, ' ', pg_get_constraintdef(k.oid), ' ', k.convalidated, ' ', obj_description(k.oid, 'pg_constraint'))
      from pg_constraint k join pg_class c on c.oid = k.conrelid
     where c.relnamespace = $1::regnamespace and k.contype in ('p', 'u', 'x', 'c', 'f') and k.conparentid = 0
    union all
    select concat('index ', pg_get_indexdef(i.indexrelid), ' ', i.indisclustered, i.indisreplident, i.indisvalid, ' ', x.reloptions, ' ', obj_description(i.indexrelid, 'pg_class'))
      from pg_index i join pg_class x on x.oid = i.indexrelid
     where x.relnamespace = $1::regnamespace
    union all
    select concat('sequence ', s.sequencename, ' ', s.data_type, ' ', s.start_value, ' ', s.min_value, ' ', s.max_value, ' ', s.increment_by, ' ', s.cycle, ' ', s.cache_size, ' ', s.sequenceowner)
      from pg_sequences s where s.schemaname = $1
    union all
    select concat('policy ', p.tablename, '.', p.policyname, ' ', p.permissive, ' ', p.roles, ' ', p.cmd, ' ', p.qual, ' ', p.with_check)
      from pg_policies p where p.schemaname = $1
    union all
    select concat('type ', t.typname, ' ', t.typtype, ' ', pg_get_userbyid(t.typowner), ' ', case when t.typtype = 'd' then concat(format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) end,
                  ' ', (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
                  ' ', (select string_agg(pg_get_constraintdef(k.oid), ',') from pg_constraint k where k.contypid = t.oid and k.contype = 'c'))
      from pg_type t where t.typnamespace = $1::regnamespace and t.typtype in ('e', 'd', 'c')
       and not exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c')
) l
order by line collate "C"
