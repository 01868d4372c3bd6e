-- trunkline_capture.row_sql: renders a change as a fragment of an SQL statement.
-- Parameters: i_operation - INSERT, UPDATE or DELETE; i_columns, i_left_out, i_is_key, i_same, i_values - the columns by
-- place: name, whether the column stays out, is part of the key, has kept its value, output text.
-- Returns: what follows "insert into x", "update x set" or "delete from x where"; error when a key column is NULL.
-- Tables written: none.
create or replace function trunkline_capture.row_sql(
    i_operation text, i_columns text[], i_left_out boolean[], i_is_key boolean[], i_same boolean[], i_values text[])
returns text as $$
declare
    v_names pg_catalog.text;
    v_values pg_catalog.text;
    v_where pg_catalog.text;
begin
    if i_operation operator(pg_catalog.=) 'INSERT' then
        select pg_catalog.string_agg(pg_catalog.quote_ident(c.name), ',' order by c.place),
               pg_catalog.string_agg(coalesce(pg_catalog.quote_literal(c.value), 'null'), ',' order by c.place)
          into v_names, v_values
          from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_left_out), pg_catalog.unnest(i_values)) with ordinality c(name, left_out, value, place)
         where not c.left_out;
        return '(' operator(pg_catalog.||) coalesce(v_names, '') operator(pg_catalog.||) ') values (' operator(pg_catalog.||) coalesce(v_values, '') operator(pg_catalog.||) ')';
    end if;

    if exists (select 1 from rows from (pg_catalog.unnest(i_is_key), pg_catalog.unnest(i_values)) c(is_key, value) where c.is_key and c.value is null) then
        raise exception 'a key column is NULL: the row cannot be named in SQL'
            using errcode = 'not_null_violation', hint = 'Choose key columns that are NOT NULL, or the trigger pgq.logutriga.';
    end if;
    select pg_catalog.string_agg(pg_catalog.quote_ident(c.name) operator(pg_catalog.||) '=' operator(pg_catalog.||) pg_catalog.quote_literal(c.value),
                                 ' and ' order by c.place)
      into v_where
      from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_is_key), pg_catalog.unnest(i_values)) with ordinality c(name, is_key, value, place)
     where c.is_key;
    if i_operation operator(pg_catalog.=) 'DELETE' then
        return v_where;
    end if;

    select pg_catalog.string_agg(pg_catalog.quote_ident(c.name) operator(pg_catalog.||) '=' operator(pg_catalog.||) coalesce(pg_catalog.quote_literal(c.value), 'NULL'),
                                 ',' order by c.place)
      into v_values
      from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_left_out), pg_catalog.unnest(i_same), pg_catalog.unnest(i_values)) with ordinality c(name, left_out, same, value, place)
     where not c.left_out and not c.same;
    if v_values is null then
        -- Nothing changed, but an UPDATE needs a SET: the first key column keeps its value.
        select pg_catalog.quote_ident(c.name) operator(pg_catalog.||) '=' operator(pg_catalog.||) pg_catalog.quote_literal(c.value)
          into v_values
          from rows from (pg_catalog.unnest(i_columns), pg_catalog.unnest(i_is_key), pg_catalog.unnest(i_values)) with ordinality c(name, is_key, value, place)
         where c.is_key
         order by c.place
         limit 1;
    end if;
    return v_values operator(pg_catalog.||) ' where ' operator(pg_catalog.||) v_where;
end;
$$ language plpgsql immutable;
