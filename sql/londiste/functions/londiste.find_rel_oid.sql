-- londiste.find_rel_oid(i_fqname, i_kind)
--
-- Looks a relation of one kind up in the system catalogs.
--
-- Parameters:
--   i_fqname  raw name, without quotes
--   i_kind    a letter of pg_class.relkind
-- Returns: its oid, or NULL.
-- Tables written: none.
create function londiste.find_rel_oid(i_fqname text, i_kind text)
returns oid
language plpgsql
stable
strict
as $$
declare
    v_oid oid;
begin
    select c.oid
      into v_oid
      from londiste.split_fqname(i_fqname) s
      join pg_catalog.pg_namespace n
        on n.nspname operator(pg_catalog.=) s.schema_part
      join pg_catalog.pg_class c
        on c.relnamespace operator(pg_catalog.=) n.oid
       and c.relname operator(pg_catalog.=) s.name_part
     where c.relkind operator(pg_catalog.=) i_kind::"char";
    return v_oid;
end;
$$;
