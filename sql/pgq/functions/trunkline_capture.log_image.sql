-- trunkline_capture.log_image: renders one row image and stores it as an event.
-- Parameters: i_format - url, sql or json; i_operation - INSERT, UPDATE or DELETE; i_queue, i_schema, i_table; i_keys and
-- i_key_list - key columns as array and as they were written; i_condition - when= argument; i_expressions - ev_...= arguments;
-- i_columns, i_types, i_left_out, i_is_key, i_same, i_values - columns by place; i_row - the row; i_old_values, i_old - the row
-- before an UPDATE whose backup is wanted.
-- Returns: nothing.
-- Tables written: current event table of the queue.
create or replace function trunkline_capture.log_image(
    i_format text, i_operation text, i_queue text, i_schema text, i_table text, i_keys text[], i_key_list text,
    i_condition text, i_expressions text[], i_columns text[], i_types oid[], i_left_out boolean[], i_is_key boolean[],
    i_same boolean[], i_values text[], i_row record, i_old_values text[], i_old record)
returns void as $$
declare
    v_names constant pg_catalog.text[] := array['ev_type', 'ev_data', 'ev_extra1', 'ev_extra2', 'ev_extra3', 'ev_extra4'];
    v_fields pg_catalog.text[] := array[null, null, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, null, null, null]::pg_catalog.text[];
    v_place integer;
begin
    if i_condition is not null
       and not trunkline_capture.check_condition(i_condition, i_row, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table)
    then
        return;
    end if;

    v_fields[1] := case
        when i_format operator(pg_catalog.=) 'json' then trunkline_capture.json_type(i_operation, i_schema, i_table, i_keys)
        when i_format operator(pg_catalog.=) 'sql' then pg_catalog.left(i_operation, 1)
        else pg_catalog.left(i_operation, 1) operator(pg_catalog.||) ':' operator(pg_catalog.||) i_key_list
    end;
    if i_format operator(pg_catalog.=) 'sql' then
        v_fields[2] := trunkline_capture.row_sql(i_operation, i_columns, i_left_out, i_is_key, i_same, i_values);
    else
        v_fields[2] := trunkline_capture.row_data(i_format, i_columns, i_types, i_left_out, i_values, i_row);
    end if;
    if i_old_values is not null then
        v_fields[4] := trunkline_capture.row_data(i_format, i_columns, i_types, i_left_out, i_old_values, i_old);
    end if;

    for i in 1 .. pg_catalog.cardinality(i_columns) loop
        if pg_catalog.starts_with(i_columns[i], '_pgq_ev_') then
            v_place := pg_catalog.array_position(v_names, pg_catalog.substr(i_columns[i], 6));
            if v_place is null then
                raise exception 'table "%.%": column "%" is none of the columns that replace an event field',
                        i_schema, i_table, i_columns[i]
                    using errcode = 'invalid_column_definition',
                          hint = 'Such columns are _pgq_ev_type, _pgq_ev_data and _pgq_ev_extra1 to _pgq_ev_extra4.';
            end if;
            v_fields[v_place] := i_values[i];
        end if;
    end loop;
    for i in 1 .. 6 loop
        if i_expressions[i] is not null then
            v_fields[i] := trunkline_capture.evaluate(i_expressions[i], i_row);
        end if;
    end loop;

    perform pgq.insert_event(i_queue, v_fields[1], v_fields[2], v_fields[3], v_fields[4], v_fields[5], v_fields[6]);
end;
$$ language plpgsql;
