-- What a database offers to tables that are to be made there. $1: schemas they go to; $2: types, as format_type writes them; $3: functions with
-- their arguments, and bare names of the server's own; $4: collations, schema.name; $5: operator classes, method schema.name; $6: access
-- methods; $7: roles. Each list comes back with what is there.
select
    (select coalesce(json_agg(json_build_array(n.nspname, has_schema_privilege(n.oid, 'create'))), '[]')
       from pg_catalog.pg_namespace n
      where n.nspname = any ($1::text[])) as schemas,
    (select coalesce(json_agg(n.nspname || '.' || c.relname), '[]')
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any ($1::text[])
        and c.relkind <> 't') as relations,
    (select coalesce(json_agg(json_build_array(u.name, (
         select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]')
           from pg_catalog.pg_enum e
          where e.enumtypid = pg_catalog.to_regtype(u.name)::oid))), '[]')
       from unnest($2::text[]) u (name)
      where pg_catalog.to_regtype(u.name) is not null) as types,
    (select coalesce(json_agg(u.name), '[]')
       from unnest($3::text[]) u (name)
      where case when pg_catalog.strpos(u.name, '(') > 0 then pg_catalog.to_regprocedure(u.name) is not null
            else exists (
                select from pg_catalog.pg_proc p where p.proname = u.name and p.pronamespace = 'pg_catalog'::regnamespace) end) as functions,
    (select coalesce(json_agg(distinct n.nspname || '.' || c.collname), '[]')
       from pg_catalog.pg_collation c
       join pg_catalog.pg_namespace n on n.oid = c.collnamespace
      where n.nspname || '.' || c.collname = any ($4::text[])
        and c.collencoding in (-1, (select d.encoding from pg_catalog.pg_database d where d.datname = current_database()))) as collations,
    (select coalesce(json_agg(concat(am.amname, ' ', n.nspname, '.', o.opcname)), '[]')
       from pg_catalog.pg_opclass o
       join pg_catalog.pg_am am on am.oid = o.opcmethod
       join pg_catalog.pg_namespace n on n.oid = o.opcnamespace
      where concat(am.amname, ' ', n.nspname, '.', o.opcname) = any ($5::text[])) as operator_classes,
    (select coalesce(json_agg(am.amname), '[]') from pg_catalog.pg_am am where am.amname = any ($6::text[])) as methods,
    (select coalesce(json_agg(r.rolname), '[]') from pg_catalog.pg_roles r where r.rolname = any ($7::text[])) as roles,
    has_database_privilege(current_database(), 'create') as may_create_schemas,
    coalesce((select 'lz4' = any (s.enumvals) from pg_catalog.pg_settings s where s.name = 'default_toast_compression'), false) as has_lz4
