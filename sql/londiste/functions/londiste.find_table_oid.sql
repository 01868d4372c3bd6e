-- londiste.find_table_oid(tbl)
--
-- Looks a table up in the system catalogs, a partitioned one too.
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
    return coalesce(londiste.find_rel_oid(tbl, 'r'), londiste.find_rel_oid(tbl, 'p'));
end;
$$;
