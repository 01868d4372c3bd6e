-- londiste.quote_fqname(i_name)
--
-- Makes a raw name fit for SQL text.
--
-- Parameters:
--   i_name  raw name, without quotes
-- Returns: schema and name, each quoted where needed.
-- Tables written: none.
create function londiste.quote_fqname(i_name text)
returns text
language plpgsql
immutable
strict
as $$
declare
    v_schema text;
    v_name text;
begin
    select s.schema_part, s.name_part
      into v_schema, v_name
      from londiste.split_fqname(i_name) s;
    return pg_catalog.format('%I.%I', v_schema, v_name);
end;
$$;
