-- trunkline_capture.row_sql: renders a change as a fragment of an SQL statement.
-- Parameters: i_operation - INSERT, UPDATE or DELETE; i_table_name - table, for errors; i_columns - names; i_values -
-- output texts by the same place; i_key_values - the same of the row before an UPDATE, which the key is taken from; i_left_out - names that stay out, or NULL; i_keys - key columns; i_changed - names of the
-- columns an UPDATE has changed.
-- Returns: what follows "insert into x", "update x set" or "delete from x where"; error when a key column is NULL.
-- Tables written: none.
create or replace function trunkline_capture.row_sql(
    i_operation text, i_table_name text, i_columns text[], i_values text[], i_key_values text[], i_left_out text[],
    i_keys text[], i_changed text[])
returns text as $$
declare
    v_names pg_catalog.text[] := array[]::pg_catalog.text[];
    v_values pg_catalog.text[] := array[]::pg_catalog.text[];
    v_where pg_catalog.text[] := array[]::pg_catalog.text[];
    v_set pg_catalog.text[] := array[]::pg_catalog.text[];
    v_place integer := 0;
    v_name pg_catalog.text;
begin
    for i in 1 .. pg_catalog.cardinality(i_columns) loop
        v_name := pg_catalog.quote_ident(i_columns[i]);
        if i_operation operator(pg_catalog.<>) 'INSERT' and i_columns[i] operator(pg_catalog.=) any (i_keys) then
            if i_key_values[i] is null then
                raise exception 'table "%": key column "%" is NULL, the row cannot be named in SQL', i_table_name, i_columns[i]
                    using errcode = 'not_null_violation',
                          hint = 'Choose key columns that are NOT NULL, or the trigger pgq.logutriga.';
            end if;
            v_where := pg_catalog.array_append(v_where, v_name operator(pg_catalog.||) '=' operator(pg_catalog.||) pg_catalog.quote_literal(i_key_values[i]));
        end if;
        if i_left_out is not null and i_columns[i] operator(pg_catalog.=) any (i_left_out) then
            continue;
        end if;
        v_place := v_place operator(pg_catalog.+) 1;
        if i_operation operator(pg_catalog.=) 'INSERT' then
            v_names[v_place] := v_name;
            v_values[v_place] := coalesce(pg_catalog.quote_literal(i_values[i]), 'null');
        elsif i_columns[i] operator(pg_catalog.=) any (i_changed) then
            v_set := pg_catalog.array_append(v_set, v_name operator(pg_catalog.||) '=' operator(pg_catalog.||) coalesce(pg_catalog.quote_literal(i_values[i]), 'NULL'));
        end if;
    end loop;

    if i_operation operator(pg_catalog.=) 'INSERT' then
        return '(' operator(pg_catalog.||) pg_catalog.array_to_string(v_names, ',') operator(pg_catalog.||) ') values (' operator(pg_catalog.||) pg_catalog.array_to_string(v_values, ',') operator(pg_catalog.||) ')';
    end if;
    if i_operation operator(pg_catalog.=) 'DELETE' then
        return pg_catalog.array_to_string(v_where, ' and ');
    end if;
    if pg_catalog.cardinality(v_set) operator(pg_catalog.=) 0 then
        -- Nothing changed, but an UPDATE needs a SET: the first key column keeps its value.
        v_set := v_where[1:1];
    end if;
    return pg_catalog.array_to_string(v_set, ',') operator(pg_catalog.||) ' where ' operator(pg_catalog.||) pg_catalog.array_to_string(v_where, ' and ');
end;
$$ language plpgsql immutable;
