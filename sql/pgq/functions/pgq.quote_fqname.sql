-- pgq.quote_fqname: quotes a table or sequence name for use in SQL.
-- Parameters: i_name - name with or without schema; the first dot separates the two, the schema defaults to public.
-- Returns: quoted, schema-qualified name.
-- Tables written: none.
create or replace function pgq.quote_fqname(i_name text)
returns text as $$
declare
    v_dot constant integer := pg_catalog.strpos(i_name, '.');
begin
    if v_dot operator(pg_catalog.=) 0 then
        return 'public.' operator(pg_catalog.||) pg_catalog.quote_ident(i_name);
    end if;
    return pg_catalog.quote_ident(pg_catalog.substr(i_name, 1, v_dot operator(pg_catalog.-) 1))
        operator(pg_catalog.||) '.' operator(pg_catalog.||) pg_catalog.quote_ident(pg_catalog.substr(i_name, v_dot operator(pg_catalog.+) 1));
end;
$$ language plpgsql immutable strict;
