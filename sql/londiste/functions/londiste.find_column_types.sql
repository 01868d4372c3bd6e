-- londiste.find_column_types(tbl)
--
-- Which columns of a table make up its primary key.
--
-- Parameters:
--   tbl  raw name of a plain table
-- Returns: a letter per column in their order, k for key and v for value; '' when there is no such table.
-- Tables written: none.
create function londiste.find_column_types(tbl text)
returns text
language plpgsql
stable
strict
as $$
declare
    v_oid oid := londiste.find_table_oid(tbl);
    v_types text;
begin
    select pg_catalog.string_agg(case when a.attnum operator(pg_catalog.=) any (i.indkey) then 'k' else 'v' end, ''
                                 order by a.attnum)
      into v_types
      from pg_catalog.pg_attribute a
      left join pg_catalog.pg_index i
        on i.indrelid operator(pg_catalog.=) a.attrelid
       and i.indisprimary
     where a.attrelid operator(pg_catalog.=) v_oid
       and a.attnum operator(pg_catalog.>) 0
       and not a.attisdropped;
    return coalesce(v_types, '');
end;
$$;
