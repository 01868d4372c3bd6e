-- trunkline_capture.log_image: renders one row image and stores it as an event.
-- Parameters: i_format - url, sql or json; i_operation - INSERT, UPDATE or DELETE; i_queue; i_table_id, i_schema, i_table;
-- i_keys - key columns as they were given; i_key_list - the same as text; i_condition - when= argument; i_expressions -
-- ev_...= arguments, NULL when there are none; i_magic - whether columns replace event fields; i_columns - names of the
-- columns; i_left_out - those that stay out of data; i_changed - those that an UPDATE changed; i_values, i_row - the row;
-- i_backup, i_old_values, i_old - whether the row before an UPDATE is wanted too, and that row. For JSON the values may be NULL.
-- Returns: id of the event; NULL when the condition keeps it out.
-- Tables written: current event table of the queue.
create or replace function trunkline_capture.log_image(
    i_format text, i_operation text, i_queue text, i_table_id oid, i_schema text, i_table text,
    i_keys text[], i_key_list text, i_condition text, i_expressions text[], i_magic boolean,
    i_columns text[], i_left_out text[], i_changed text[], i_values text[], i_row record,
    i_backup boolean, i_old_values text[], i_old record)
returns bigint as $$
declare
    v_names pg_catalog.text[];
    v_fields pg_catalog.text[];
    v_type pg_catalog.text;
    v_data pg_catalog.text;
    v_backup pg_catalog.text;
    v_place integer;
begin
    if i_condition is not null
       and not trunkline_capture.check_condition(i_condition, i_row, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table)
    then
        return null;
    end if;

    if i_format operator(pg_catalog.=) 'url' then
        v_type := pg_catalog.left(i_operation, 1) operator(pg_catalog.||) ':' operator(pg_catalog.||) i_key_list;
        v_data := trunkline_capture.row_url(i_columns, i_values, i_left_out);
    elsif i_format operator(pg_catalog.=) 'json' then
        v_type := trunkline_capture.json_type(i_operation, i_schema, i_table, i_keys);
        v_data := trunkline_capture.row_json(i_table_id, i_columns, i_values, i_left_out, i_row);
    else
        v_type := pg_catalog.left(i_operation, 1);
        v_data := trunkline_capture.row_sql(i_operation, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, i_columns, i_values,
                                            coalesce(i_old_values, i_values), i_left_out,
                                            trunkline_capture.trimmed(i_keys), i_changed);
    end if;
    if i_backup then
        if i_format operator(pg_catalog.=) 'json' then
            v_backup := trunkline_capture.row_json(i_table_id, i_columns, i_old_values, i_left_out, i_old);
        else
            v_backup := trunkline_capture.row_url(i_columns, i_old_values, i_left_out);
        end if;
    end if;
    if not i_magic and i_expressions is null then
        return pgq.insert_event(i_queue, v_type, v_data, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, v_backup, null, null);
    end if;

    v_names := array['ev_type', 'ev_data', 'ev_extra1', 'ev_extra2', 'ev_extra3', 'ev_extra4'];
    v_fields := array[v_type, v_data, i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, v_backup, null, null];
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
    return pgq.insert_event(i_queue, v_fields[1], v_fields[2], v_fields[3], v_fields[4], v_fields[5], v_fields[6]);
end;
$$ language plpgsql;
