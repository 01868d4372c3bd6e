-- pgq._grant_perms_from: gives a table the grants that another one has.
-- Parameters: src_schema, src_table - where grants are read; dst_schema, dst_table - where they are given.
-- Returns: 1.
-- Tables written: none; grants are changed.
create or replace function pgq._grant_perms_from(src_schema text, src_table text, dst_schema text, dst_table text)
returns integer as $$
declare
    v_grant pg_catalog.record;
begin
    for v_grant in
        select acl.privilege_type,
               case when acl.grantee operator(pg_catalog.=) 0::pg_catalog.oid then 'public'
                    else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee)::pg_catalog.text) end as grantee,
               acl.is_grantable
          from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace,
               lateral pg_catalog.aclexplode(c.relacl) acl
         where n.nspname operator(pg_catalog.=) src_schema::pg_catalog.name
           and c.relname operator(pg_catalog.=) src_table::pg_catalog.name
           and acl.grantee operator(pg_catalog.<>) c.relowner
         order by 2, 1
    loop
        execute pg_catalog.format('grant %s on table %I.%I to %s%s', v_grant.privilege_type, dst_schema, dst_table,
                                  v_grant.grantee, case when v_grant.is_grantable then ' with grant option' else '' end);
    end loop;
    return 1;
end;
$$ language plpgsql strict;
