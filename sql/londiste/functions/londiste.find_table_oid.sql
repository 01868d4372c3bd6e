-- londiste.find_table_oid(tbl)
--
-- Looks a plain table up in the system catalogs.
--
-- Parameters:
--   tbl  raw name, without quotes
-- Returns: its oid, or NULL.
-- Tables written: none.
create function londiste.find_table_oid(tbl text)
returns oid
language plpgsql
stable
strict
as $$
begin
    return londiste.find_rel_oid(tbl, 'r');
end;
$$;
