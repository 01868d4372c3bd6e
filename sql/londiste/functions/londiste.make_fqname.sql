-- londiste.make_fqname(i_name)
--
-- Gives a raw name its schema: public where it has none.
--
-- Parameters:
--   i_name  raw name, without quotes
-- Returns: raw name with a schema.
-- Tables written: none.
create function londiste.make_fqname(i_name text)
returns text
language plpgsql
immutable
strict
as $$
begin
    if pg_catalog.strpos(i_name, '.') operator(pg_catalog.>) 0 then
        return i_name;
    end if;
    return pg_catalog.format('public.%s', i_name);
end;
$$;
