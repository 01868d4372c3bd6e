-- One row: the server, the user, which of the schemas in $1 are there, and which it could make as extensions.
-- A schema of an extension has its version; of the others the record of the installer is read elsewhere.
select
    current_setting('server_version_num')::int as server_version,
    current_user::text as user_name,
    (select d.oid::bigint from pg_catalog.pg_database d where d.datname = current_database()) as database_oid,
    has_function_privilege('pg_catalog.pg_control_system()', 'execute') as may_identify,
    r.rolsuper as superuser,
    coalesce(f.rolname, r.rolname)::text as replicator,
    coalesce(f.rolsuper, r.rolsuper) as replicator_superuser,
    to_regclass('trunkline.component') is not null as has_components,
    to_regclass('trunkline.executed') is not null as has_executed,
    to_regclass('pgq.queue') is not null and to_regclass('pgq_node.node_info') is not null as has_nodes,
    to_regclass('londiste.table_info') is not null as has_tables,
    to_regclass('trunkline.last_applied') is not null and to_regclass('londiste.table_info') is not null as has_own,
    coalesce(has_table_privilege(to_regclass('trunkline.replaced_root'), 'select'), false) as has_replaced,
    (select coalesce(json_agg(json_build_object(
         'name', n.nspname,
         'extensionVersion', e.extversion,
         'hasVersionFunction', to_regprocedure(quote_ident(n.nspname) || '.version()') is not null)), '[]')
       from pg_catalog.pg_namespace n
       left join pg_catalog.pg_depend d
         on d.classid = 'pg_catalog.pg_namespace'::regclass
        and d.objid = n.oid
        and d.refclassid = 'pg_catalog.pg_extension'::regclass
        and d.deptype = 'e'
       left join pg_catalog.pg_extension e on e.oid = d.refobjid
      where n.nspname = any($1::text[])) as schemas,
    -- Column trusted came with PostgreSQL 13.
    (select coalesce(json_agg(json_build_object(
         'name', e.name,
         'version', e.default_version,
         'creatable', r.rolsuper
             or coalesce((to_jsonb(v) ->> 'trusted')::boolean, false)
                and has_database_privilege(current_database(), 'create'))), '[]')
       from pg_catalog.pg_available_extensions e
       join pg_catalog.pg_available_extension_versions v on v.name = e.name and v.version = e.default_version
      where e.name = any($1::text[])
        and e.installed_version is null) as extensions
from pg_catalog.pg_roles r
left join (
    select o.rolname, o.rolsuper
      from pg_catalog.pg_proc p
      join pg_catalog.pg_roles o on o.oid = p.proowner
     where p.oid = to_regprocedure('londiste.set_session_replication_role(text, boolean)')
       and p.prosecdef
) f on true
where r.rolname = current_user
