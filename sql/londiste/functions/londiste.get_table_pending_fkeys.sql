-- londiste.get_table_pending_fkeys(i_table_name)
--
-- Foreign keys from a table, and to it, that are taken down.
--
-- Parameters:
--   i_table_name  full raw name of a table
-- Returns: rows of londiste.pending_fkeys.
-- Tables written: none.
create function londiste.get_table_pending_fkeys(i_table_name text)
returns setof londiste.pending_fkeys
language plpgsql
stable
strict
as $$
begin
    return query
        select p.*
          from londiste.pending_fkeys p
         where p.from_table operator(pg_catalog.=) i_table_name
            or p.to_table operator(pg_catalog.=) i_table_name
         order by p.from_table, p.fkey_name;
end;
$$;
