-- $1: text[] of raw schema.table names. One row, one JSON document: how each table was made, with its partitions, and the
-- types and schemas it needs. A value that is not there is left out.
-- The search path has to be pg_catalog alone: the server then writes every name of a user with its schema.
with recursive relation as (
    select c.oid as root, c.oid, null::oid as parent, 0 as level
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join unnest($1::text[]) wanted (name) on wanted.name = n.nspname || '.' || c.relname
     where c.relkind in ('r', 'p')
     union all
    select r.root, i.inhrelid, i.inhparent, r.level + 1
      from relation r
      join pg_catalog.pg_inherits i on i.inhparent = r.oid
      join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relispartition
), shape as (
    select r.root, r.oid, r.parent, r.level, c.relname, n.nspname, n.oid as schema_oid, c.relkind, c.relowner, c.relpersistence,
           c.relacl, c.reloptions, c.reltoastrelid, c.relam, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relpartbound
      from relation r
      join pg_catalog.pg_class c on c.oid = r.oid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
), expression as (
    -- What the table computes, as the server keeps it: the functions in it are found by their numbers.
    select s.oid, 'the default of ' || a.attname as part, d.adbin::text as tree
      from shape s
      join pg_catalog.pg_attrdef d on d.adrelid = s.oid
      join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where s.parent is null or a.attislocal
     union all
    select s.oid, 'constraint ' || k.conname, k.conbin::text
      from shape s
      join pg_catalog.pg_constraint k on k.conrelid = s.oid and k.contype = 'c' and k.coninhcount = 0
     union all
    select s.oid, 'index ' || ic.relname, concat(i.indexprs::text, i.indpred::text)
      from shape s
      join pg_catalog.pg_index i on i.indrelid = s.oid and (i.indexprs is not null or i.indpred is not null)
      join pg_catalog.pg_class ic on ic.oid = i.indexrelid and not ic.relispartition
     union all
    select s.oid, 'the partition key', p.partexprs::text
      from shape s
      join pg_catalog.pg_partitioned_table p on p.partrelid = s.oid and p.partexprs is not null
     union all
    select s.oid, 'policy ' || p.polname, concat(p.polqual::text, p.polwithcheck::text)
      from shape s
      join pg_catalog.pg_policy p on p.polrelid = s.oid
), call as (
    select distinct e.oid, e.part, f.pronamespace = 'pg_catalog'::regnamespace as built_in,
           case when f.pronamespace = 'pg_catalog'::regnamespace then f.proname::text else f.oid::regprocedure::text end as name
      from expression e
     cross join lateral pg_catalog.regexp_matches(e.tree, ':(?:opfuncid|funcid) (\d+)', 'g') m
      join pg_catalog.pg_proc f on f.oid = m[1]::oid
), calls as (
    select c.oid, json_agg(json_build_object('part', c.part, 'name', c.name, 'builtIn', c.built_in) order by c.part, c.name) as list
      from call c
     group by c.oid
), type_used as (
    select a.atttypid as oid
      from shape s
      join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
     union
    select part.oid
      from type_used u
      join pg_catalog.pg_type t on t.oid = u.oid
     cross join lateral (
         select t.typelem where t.typelem <> 0 and t.typcategory = 'A'
          union all
         select t.typbasetype where t.typtype = 'd'
          union all
         select a.atttypid
           from pg_catalog.pg_attribute a
          where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped
     ) part (oid)
), own_type as (
    select t.*, n.nspname
      from type_used u
      join pg_catalog.pg_type t on t.oid = u.oid
      join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where n.nspname <> 'pg_catalog'
       and not (t.typelem <> 0 and t.typcategory = 'A')
), sequence_used as (
    select s.oid as table_oid, d.objid as oid, a.attname as column_name, d.deptype = 'i' as identity
      from shape s
      join pg_catalog.pg_depend d
        on d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
       and d.refobjid = s.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
      join pg_catalog.pg_class q on q.oid = d.objid and q.relkind = 'S'
      join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum = d.refobjsubid
     union
    select s.oid, d.refobjid, null::name, false
      from shape s
      join pg_catalog.pg_attrdef f on f.adrelid = s.oid
      join pg_catalog.pg_depend d
        on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
      join pg_catalog.pg_class q on q.oid = d.refobjid and q.relkind = 'S'
     where not exists (
         select from pg_catalog.pg_depend o
          where o.classid = 'pg_catalog.pg_class'::regclass and o.objid = d.refobjid
            and o.refclassid = 'pg_catalog.pg_class'::regclass and o.refobjid = s.oid and o.deptype in ('a', 'i'))
     union
    select null::oid, c.oid, null::name, false
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join unnest($2::text[]) wanted (name) on wanted.name = n.nspname || '.' || c.relname
     where c.relkind = 'S'
), granted as (
    select 'relation' as kind, c.oid, 0 as attnum, c.relacl as acl, c.relowner as owner
      from pg_catalog.pg_class c
     where c.oid in (select s.oid from shape s) or c.oid in (select q.oid from sequence_used q)
     union all
    select 'column', s.oid, a.attnum, a.attacl, s.relowner
      from shape s
      join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
     union all
    select 'schema', n.oid, 0, n.nspacl, n.nspowner
      from pg_catalog.pg_namespace n
), grants as (
    select g.kind, g.oid, g.attnum, json_agg(json_build_object('role', g.role, 'privileges', g.privileges, 'grantable', g.is_grantable)
                                             order by g.role nulls first, g.is_grantable) as list
      from (
          select o.kind, o.oid, o.attnum, r.rolname as role, x.is_grantable, json_agg(x.privilege_type order by x.privilege_type) as privileges
            from granted o
           cross join lateral pg_catalog.aclexplode(o.acl) x
            left join pg_catalog.pg_roles r on r.oid = x.grantee
           where x.grantee <> o.owner
             and (x.grantee = 0 or r.rolname is not null)
           group by o.kind, o.oid, o.attnum, r.rolname, x.is_grantable) g
     group by g.kind, g.oid, g.attnum
), columns as (
    select s.oid,
           json_agg(json_build_object(
               'name', a.attname,
               'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
               'typeName', pg_catalog.format_type(case when t.typelem <> 0 and t.typcategory = 'A' then t.typelem else t.oid end, null),
               'notNull', a.attnotnull and not exists (
                   select from pg_catalog.pg_constraint k
                    where k.conrelid = a.attrelid and k.contype = 'n' and a.attnum = any (k.conkey) and not k.convalidated),
               'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
               'generated', nullif(a.attgenerated, ''),
               'identity', nullif(a.attidentity, ''),
               'collation', case when a.attcollation <> t.typcollation then (
                   select json_build_array(n.nspname, c.collname)
                     from pg_catalog.pg_collation c
                     join pg_catalog.pg_namespace n on n.oid = c.collnamespace
                    where c.oid = a.attcollation) end,
               'storage', case when a.attstorage <> t.typstorage then
                   case a.attstorage when 'p' then 'PLAIN' when 'e' then 'EXTERNAL' when 'x' then 'EXTENDED' when 'm' then 'MAIN' end end,
               'compression', case to_jsonb(a) ->> 'attcompression' when 'p' then 'pglz' when 'l' then 'lz4' end,
               'statistics', case when a.attstattarget >= 0 then a.attstattarget end,
               'options', a.attoptions,
               'comment', pg_catalog.col_description(s.oid, a.attnum),
               'grants', g.list
           ) order by a.attnum) as list
      from shape s
      join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
      join pg_catalog.pg_type t on t.oid = a.atttypid
      left join pg_catalog.pg_attrdef d on d.adrelid = s.oid and d.adnum = a.attnum
      left join grants g on g.kind = 'column' and g.oid = s.oid and g.attnum = a.attnum
     group by s.oid
), constraints as (
    select s.oid,
           json_agg(json_build_object(
               'name', k.conname,
               'kind', k.contype,
               'sql', pg_catalog.pg_get_constraintdef(k.oid),
               'columns', coalesce((
                   select json_agg(a.attname order by u.position)
                     from unnest(k.conkey) with ordinality u (attnum, position)
                     join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum), '[]'),
               'validated', k.convalidated,
               'references', fn.nspname || '.' || f.relname,
               'referencesSql', nullif(k.confrelid, 0)::regclass::text,
               'referencesColumns', (
                   select json_agg(a.attname order by u.position)
                     from unnest(k.confkey) with ordinality u (attnum, position)
                     join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum),
               'options', ic.reloptions,
               'clustered', i.indisclustered,
               'comment', pg_catalog.obj_description(k.oid, 'pg_constraint')
           ) order by case k.contype when 'p' then 1 when 'u' then 2 when 'x' then 3 when 'c' then 4 else 5 end, k.conname) as list
      from shape s
      join pg_catalog.pg_constraint k on k.conrelid = s.oid and k.contype in ('p', 'u', 'x', 'c', 'f')
      left join pg_catalog.pg_class f on f.oid = k.confrelid
      left join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
      left join pg_catalog.pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
      left join pg_catalog.pg_class ic on ic.oid = i.indexrelid
     where s.parent is null or k.coninhcount = 0 and k.conparentid = 0
     group by s.oid
), indexes as (
    select s.oid,
           json_agg(json_build_object(
               'name', c.relname,
               'unique', i.indisunique,
               'sql', pg_catalog.substr(
                   pg_catalog.pg_get_indexdef(i.indexrelid),
                   pg_catalog.length(pg_catalog.format('CREATE %sINDEX %I ON %s%s ',
                       case when i.indisunique then 'UNIQUE ' end, c.relname,
                       case when s.relkind = 'p' then 'ONLY ' end, s.oid::regclass)) + 1),
               'columns', coalesce((
                   select json_agg(distinct a.attname)
                     from pg_catalog.pg_depend d
                     join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum = d.refobjsubid
                    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.indexrelid
                      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = s.oid), '[]'),
               'operatorClasses', (
                   select json_agg(distinct concat(am.amname, ' ', n.nspname, '.', o.opcname))
                     from unnest(i.indclass::oid[]) u (oid)
                     join pg_catalog.pg_opclass o on o.oid = u.oid
                     join pg_catalog.pg_am am on am.oid = o.opcmethod
                     join pg_catalog.pg_namespace n on n.oid = o.opcnamespace
                    where not (o.opcdefault and n.nspname = 'pg_catalog')),
               'clustered', i.indisclustered,
               'comment', pg_catalog.obj_description(i.indexrelid, 'pg_class')
           ) order by c.relname) as list
      from shape s
      join pg_catalog.pg_index i on i.indrelid = s.oid and i.indisvalid
      join pg_catalog.pg_class c on c.oid = i.indexrelid
     where not exists (
         select from pg_catalog.pg_constraint k
          where k.conindid = i.indexrelid and k.conrelid = s.oid and k.contype in ('p', 'u', 'x'))
       and (s.parent is null or not c.relispartition)
     group by s.oid
), sequences as (
    select u.table_oid,
           json_agg(json_build_object(
               'name', n.nspname || '.' || c.relname,
               'nameSql', pg_catalog.quote_literal(c.oid::regclass),
               'column', u.column_name,
               'identity', u.identity,
               'type', pg_catalog.format_type(q.seqtypid, null),
               'start', q.seqstart::text,
               'increment', q.seqincrement::text,
               'min', q.seqmin::text,
               'max', q.seqmax::text,
               'cache', q.seqcache::text,
               'cycle', q.seqcycle,
               'owner', pg_catalog.pg_get_userbyid(c.relowner),
               'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
               'grants', g.list
           ) order by n.nspname, c.relname) as list
      from sequence_used u
      join pg_catalog.pg_class c on c.oid = u.oid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_sequence q on q.seqrelid = u.oid
      left join grants g on g.kind = 'relation' and g.oid = u.oid
     group by u.table_oid
), policies as (
    select p.polrelid as oid,
           json_agg(json_build_object(
               'name', p.polname,
               'permissive', p.polpermissive,
               'command', case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end,
               'roles', (
                   select coalesce(json_agg(r.rolname order by r.rolname), '[]')
                     from pg_catalog.pg_roles r
                    where r.oid = any (p.polroles)),
               'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
               'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
           ) order by p.polname) as list
      from pg_catalog.pg_policy p
     where p.polrelid in (select s.oid from shape s)
     group by p.polrelid
), tables as (
    select json_agg(json_build_object(
               'root', root_n.nspname || '.' || root_c.relname,
               'name', s.nspname || '.' || s.relname,
               'kind', s.relkind,
               'parent', pn.nspname || '.' || pc.relname,
               'bound', pg_catalog.pg_get_expr(s.relpartbound, s.oid),
               'partitionBy', case when s.relkind = 'p' then pg_catalog.pg_get_partkeydef(s.oid) end,
               'inherits', (
                   select json_agg(n.nspname || '.' || c.relname order by i.inhseqno)
                     from pg_catalog.pg_inherits i
                     join pg_catalog.pg_class c on c.oid = i.inhparent and c.relkind = 'r'
                     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                    where i.inhrelid = s.oid),
               'unlogged', s.relpersistence = 'u',
               'owner', pg_catalog.pg_get_userbyid(s.relowner),
               'method', (select am.amname from pg_catalog.pg_am am where am.oid = s.relam and am.amname <> 'heap'),
               'options', s.reloptions,
               'toastOptions', (select t.reloptions from pg_catalog.pg_class t where t.oid = s.reltoastrelid),
               'replicaIdentity', case s.relreplident
                   when 'n' then 'NOTHING'
                   when 'f' then 'FULL'
                   when 'i' then (
                       select c.relname
                         from pg_catalog.pg_index i
                         join pg_catalog.pg_class c on c.oid = i.indexrelid
                        where i.indrelid = s.oid and i.indisreplident) end,
               'replicaIdentityIndex', s.relreplident = 'i',
               'rowSecurity', s.relrowsecurity,
               'forceRowSecurity', s.relforcerowsecurity,
               'comment', pg_catalog.obj_description(s.oid, 'pg_class'),
               'columns', coalesce(columns.list, '[]'),
               'constraints', coalesce(constraints.list, '[]'),
               'indexes', coalesce(indexes.list, '[]'),
               'sequences', coalesce(sequences.list, '[]'),
               'grants', coalesce(grants.list, '[]'),
               'policies', coalesce(policies.list, '[]'),
               'calls', coalesce(calls.list, '[]')
           ) order by s.root, s.level, s.nspname, s.relname) as list
      from shape s
      join pg_catalog.pg_class root_c on root_c.oid = s.root
      join pg_catalog.pg_namespace root_n on root_n.oid = root_c.relnamespace
      left join pg_catalog.pg_class pc on pc.oid = s.parent
      left join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
      left join columns on columns.oid = s.oid
      left join constraints on constraints.oid = s.oid
      left join indexes on indexes.oid = s.oid
      left join sequences on sequences.table_oid = s.oid
      left join grants on grants.kind = 'relation' and grants.oid = s.oid
      left join policies on policies.oid = s.oid
      left join calls on calls.oid = s.oid
), types as (
    select json_agg(json_build_object(
               'typeName', pg_catalog.format_type(t.oid, null),
               'name', t.nspname || '.' || t.typname,
               'kind', case t.typtype
                   when 'e' then 'enum'
                   when 'd' then 'domain'
                   when 'c' then case when c.relkind = 'c' then 'composite' else 'row' end
                   else 'other' end,
               'extension', (
                   select json_build_array(x.extname, n.nspname)
                     from pg_catalog.pg_depend d
                     join pg_catalog.pg_extension x on x.oid = d.refobjid
                     join pg_catalog.pg_namespace n on n.oid = x.extnamespace
                    where d.classid = 'pg_catalog.pg_type'::regclass and d.objid = t.oid
                      and d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e'),
               'owner', pg_catalog.pg_get_userbyid(t.typowner),
               'comment', pg_catalog.obj_description(t.oid, 'pg_type'),
               'labels', (
                   select json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid),
               'base', case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
               'default', case when t.typtype = 'd' then t.typdefault end,
               'notNull', t.typnotnull,
               'collation', case when t.typtype = 'd' and t.typcollation <> b.typcollation then (
                   select json_build_array(n.nspname, k.collname)
                     from pg_catalog.pg_collation k
                     join pg_catalog.pg_namespace n on n.oid = k.collnamespace
                    where k.oid = t.typcollation) end,
               'constraints', (
                   select json_agg(json_build_object('name', k.conname, 'sql', pg_catalog.pg_get_constraintdef(k.oid)) order by k.conname)
                     from pg_catalog.pg_constraint k
                    where k.contypid = t.oid and k.contype = 'c'),
               'attributes', case when c.relkind = 'c' then (
                   select json_agg(json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
                     from pg_catalog.pg_attribute a
                    where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end,
               'needs', (
                   select coalesce(json_agg(distinct pg_catalog.format_type(case when p.typelem <> 0 and p.typcategory = 'A' then p.typelem else p.oid end, null)), '[]')
                     from (
                         select t.typbasetype as oid where t.typtype = 'd'
                          union all
                         select a.atttypid
                           from pg_catalog.pg_attribute a
                          where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped) u
                     join pg_catalog.pg_type p on p.oid = u.oid),
               'calls', (
                   select coalesce(json_agg(distinct f.oid::regprocedure::text), '[]')
                     from (
                         select k.conbin::text as tree from pg_catalog.pg_constraint k where k.contypid = t.oid
                          union all
                         select t.typdefaultbin::text) e
                    cross join lateral pg_catalog.regexp_matches(e.tree, ':(?:opfuncid|funcid) (\d+)', 'g') m
                     join pg_catalog.pg_proc f on f.oid = m[1]::oid
                    where f.pronamespace <> 'pg_catalog'::regnamespace)
           ) order by t.nspname, t.typname) as list
      from own_type t
      left join pg_catalog.pg_class c on c.oid = t.typrelid
      left join pg_catalog.pg_type b on b.oid = t.typbasetype
), schemas as (
    select json_agg(json_build_object(
               'name', n.nspname,
               'owner', pg_catalog.pg_get_userbyid(n.nspowner),
               'comment', pg_catalog.obj_description(n.oid, 'pg_namespace'),
               'grants', coalesce(g.list, '[]')
           ) order by n.nspname) as list
      from pg_catalog.pg_namespace n
      left join grants g on g.kind = 'schema' and g.oid = n.oid
     where n.oid in (select s.schema_oid from shape s)
        or n.nspname in (select t.nspname from own_type t)
        or n.oid in (select c.relnamespace from sequence_used u join pg_catalog.pg_class c on c.oid = u.oid)
)
select pg_catalog.json_strip_nulls(json_build_object(
           'tables', coalesce(tables.list, '[]'),
           'types', coalesce(types.list, '[]'),
           'schemas', coalesce(schemas.list, '[]'),
           'sequences', coalesce((select list from sequences where table_oid is null), '[]'))) as definitions
  from tables, types, schemas
