-- londiste.split_fqname(i_fqname)
--
-- Splits a raw name at its first dot. A name without a dot belongs to schema public.
--
-- Parameters:
--   i_fqname  raw name, without quotes
-- Returns: schema and name.
-- Tables written: none.
create function londiste.split_fqname(
    in i_fqname text,
    out schema_part text,
    out name_part text)
returns record
language plpgsql
immutable
strict
as $$
declare
    v_dot integer := pg_catalog.strpos(i_fqname, '.');
begin
    if v_dot operator(pg_catalog.>) 0 then
        schema_part := pg_catalog.substr(i_fqname, 1, v_dot operator(pg_catalog.-) 1);
        name_part := pg_catalog.substr(i_fqname, v_dot operator(pg_catalog.+) 1);
    else
        schema_part := 'public';
        name_part := i_fqname;
    end if;
end;
$$;
