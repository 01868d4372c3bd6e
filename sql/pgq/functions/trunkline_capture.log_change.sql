-- trunkline_capture.log_change: writes the event of one change of a table; the work behind pgq.logutriga, pgq.sqltriga and
-- pgq.jsontriga.
-- Parameters: i_format - format of the event: url, sql or json; i_operation, i_when, i_level, i_table_id, i_schema, i_table,
-- i_args - what the trigger knows of itself; i_new, i_old - the row after and before the change.
-- Returns: true when the trigger has to keep the change from happening.
-- Tables written: current event table of the queue.
create or replace function trunkline_capture.log_change(
    i_format text, i_operation text, i_when text, i_level text, i_table_id oid, i_schema text, i_table text, i_args text[],
    i_new record, i_old record)
returns boolean as $$
declare
    v_table constant pg_catalog.text := i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table;
    v_queue pg_catalog.text;
    v_skip boolean := false;
    v_deny boolean := false;
    v_backup boolean := false;
    v_split boolean := false;
    v_ignore pg_catalog.text[];
    v_key_list pg_catalog.text;
    v_keys pg_catalog.text[];
    v_condition pg_catalog.text;
    v_fields pg_catalog.text[] := array[null, null, null, null, null, null]::pg_catalog.text[];
    v_expressions pg_catalog.text[] := array[null, null, null, null, null, null]::pg_catalog.text[];
    v_names constant pg_catalog.text[] := array['ev_type', 'ev_data', 'ev_extra1', 'ev_extra2', 'ev_extra3', 'ev_extra4'];
    v_argument pg_catalog.text;
    v_word pg_catalog.text;
    v_rest pg_catalog.text;
    v_place integer;
    v_columns pg_catalog.text[];
    v_types pg_catalog.oid[];
    v_new pg_catalog.text[];
    v_old pg_catalog.text[];
    v_same boolean[];
    v_left_out boolean[];
    v_is_key boolean[];
    v_key_changed boolean := false;
begin
    -- Arguments of the trigger.
    foreach v_argument in array coalesce(i_args, array[]::pg_catalog.text[]) loop
        v_place := coalesce(v_place operator(pg_catalog.+) 1, 0);
        if v_place operator(pg_catalog.=) 0 then
            v_queue := v_argument;
            continue;
        end if;
        v_word := pg_catalog.split_part(v_argument, '=', 1);
        v_rest := pg_catalog.substr(v_argument, pg_catalog.length(v_word) operator(pg_catalog.+) 2);
        if v_argument operator(pg_catalog.=) 'SKIP' then
            v_skip := true;
        elsif v_argument operator(pg_catalog.=) 'deny' then
            v_deny := true;
        elsif v_argument operator(pg_catalog.=) 'backup' then
            v_backup := true;
        elsif v_argument operator(pg_catalog.=) 'key_update=split' then
            v_split := true;
        elsif pg_catalog.strpos(v_argument, '=') operator(pg_catalog.>) 0 and v_word operator(pg_catalog.=) 'ignore' then
            v_ignore := pg_catalog.string_to_array(v_rest, ',');
        elsif pg_catalog.strpos(v_argument, '=') operator(pg_catalog.>) 0 and v_word operator(pg_catalog.=) 'pkey' then
            v_key_list := v_rest;
        elsif pg_catalog.strpos(v_argument, '=') operator(pg_catalog.>) 0 and v_word operator(pg_catalog.=) 'when' then
            v_condition := coalesce(v_condition, v_rest);
        elsif pg_catalog.strpos(v_argument, '=') operator(pg_catalog.>) 0 and v_word operator(pg_catalog.=) any (v_names) then
            v_expressions[pg_catalog.array_position(v_names, v_word)] := v_rest;
        else
            raise exception 'trigger on table "%": argument "%" is unknown', v_table, v_argument
                using errcode = 'invalid_parameter_value',
                      hint = 'Arguments are: the queue, then SKIP, deny, backup, ignore=, pkey=, when=, ev_type=, ev_data=, '
                          operator(pg_catalog.||) 'ev_extra1= to ev_extra4=, key_update=split.';
        end if;
    end loop;
    if v_queue is null then
        raise exception 'trigger on table "%": the first argument must name the queue, and there is none', v_table
            using errcode = 'invalid_parameter_value';
    end if;
    if i_operation operator(pg_catalog.=) 'TRUNCATE' then
        if i_level operator(pg_catalog.<>) 'STATEMENT' then
            raise exception 'trigger on table "%": a truncate trigger must be FOR EACH STATEMENT', v_table
                using errcode = 'invalid_parameter_value';
        end if;
    elsif i_level operator(pg_catalog.<>) 'ROW' then
        raise exception 'trigger on table "%": insert, update and delete triggers must be FOR EACH ROW', v_table
            using errcode = 'invalid_parameter_value';
    end if;
    if v_skip and i_when operator(pg_catalog.<>) 'BEFORE' then
        raise exception 'trigger on table "%": SKIP works in a BEFORE trigger only, this one is %', v_table, i_when
            using errcode = 'invalid_parameter_value';
    end if;
    if v_deny then
        raise exception 'table "%" does not take changes here: % is denied, its data comes through queue "%"',
                v_table, i_operation, v_queue
            using errcode = 'insufficient_privilege', hint = 'Change the table on the root node of the queue.';
    end if;

    -- Keys: the list that was given, else the primary key in the order of its index.
    if v_key_list is null then
        select pg_catalog.array_agg(a.attname::pg_catalog.text order by k.place) into v_keys
          from pg_catalog.pg_index i,
               lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality k(attnum, place)
          join pg_catalog.pg_attribute a on a.attrelid operator(pg_catalog.=) i_table_id and a.attnum operator(pg_catalog.=) k.attnum
         where i.indrelid operator(pg_catalog.=) i_table_id
           and i.indisprimary;
        v_key_list := coalesce(pg_catalog.array_to_string(v_keys, ','), '');
    else
        v_keys := pg_catalog.string_to_array(v_key_list, ',');
        if v_key_list operator(pg_catalog.=) '' then
            v_keys := array[''];
        end if;
    end if;

    v_fields[3] := v_table;
    if i_operation operator(pg_catalog.=) 'TRUNCATE' then
        if v_backup or v_split or v_ignore is not null or v_condition is not null
           or pg_catalog.num_nonnulls(variadic v_expressions) operator(pg_catalog.>) 0
           or exists (select 1 from pg_catalog.unnest(i_args) x(argument) where pg_catalog.starts_with(x.argument, 'pkey='))
        then
            raise exception 'trigger on table "%": a truncate trigger takes no argument but deny and SKIP', v_table
                using errcode = 'invalid_parameter_value';
        end if;
        if i_format operator(pg_catalog.=) 'json' then
            v_fields[1] := trunkline_capture.json_type(i_operation, i_schema, i_table, v_keys);
            v_fields[2] := '{}';
        else
            v_fields[1] := 'R';
            v_fields[2] := '';
        end if;
        perform pgq.insert_event(v_queue, v_fields[1], v_fields[2], v_fields[3], null, null, null);
        return v_skip;
    end if;

    select pg_catalog.array_agg(a.attname::pg_catalog.text order by a.attnum),
           pg_catalog.array_agg(a.atttypid order by a.attnum)
      into v_columns, v_types
      from pg_catalog.pg_attribute a
     where a.attrelid operator(pg_catalog.=) i_table_id
       and a.attnum operator(pg_catalog.>) 0::smallint
       and not a.attisdropped;
    if i_operation operator(pg_catalog.<>) 'DELETE' then
        v_new := trunkline_capture.row_values(pg_catalog.concat(i_new), pg_catalog.cardinality(v_columns));
    end if;
    if i_operation operator(pg_catalog.<>) 'INSERT' then
        v_old := trunkline_capture.row_values(pg_catalog.concat(i_old), pg_catalog.cardinality(v_columns));
        if v_key_list operator(pg_catalog.=) '' then
            raise exception 'table "%" has no primary key: its updates and deletes cannot be replicated', v_table
                using errcode = 'object_not_in_prerequisite_state',
                      hint = 'Give it one, or name key columns in the trigger with pkey=.';
        end if;
    end if;

    select pg_catalog.array_agg(pg_catalog.starts_with(c.name, '_pgq_ev_')
                                or coalesce(c.name operator(pg_catalog.=) any (ignored.names), false) order by c.place),
           pg_catalog.array_agg(coalesce(c.name operator(pg_catalog.=) any (keys.names), false) order by c.place)
      into v_left_out, v_is_key
      from pg_catalog.unnest(v_columns) with ordinality c(name, place),
           (select pg_catalog.array_agg(pg_catalog.btrim(x.name)) from pg_catalog.unnest(v_ignore) x(name)) ignored(names),
           (select pg_catalog.array_agg(pg_catalog.btrim(x.name)) from pg_catalog.unnest(v_keys) x(name)) keys(names);

    if i_operation operator(pg_catalog.=) 'UPDATE' then
        select pg_catalog.array_agg(trunkline_capture.same_value(x.type, x.old, x.new) order by x.place)
          into v_same
          from rows from (pg_catalog.unnest(v_types), pg_catalog.unnest(v_old), pg_catalog.unnest(v_new)) with ordinality x(type, old, new, place);
        select coalesce(pg_catalog.bool_or(x.is_key and not x.same), false)
          into v_key_changed
          from rows from (pg_catalog.unnest(v_is_key), pg_catalog.unnest(v_same)) x(is_key, same);
        if v_key_changed and not v_split then
            raise exception 'table "%": an update changes key columns %, which replication does not allow', v_table, v_key_list
                using errcode = 'feature_not_supported',
                      hint = 'Delete the row and insert it anew, or give the trigger the argument key_update=split.';
        end if;
        -- Only columns that stay out changed. An update that changes nothing at all is an event: it touches the row.
        if (v_ignore is not null or i_format operator(pg_catalog.=) 'sql') and (
            select pg_catalog.bool_or(not x.same) and pg_catalog.bool_and(x.same or x.left_out)
              from rows from (pg_catalog.unnest(v_same), pg_catalog.unnest(v_left_out)) x(same, left_out))
        then
            return v_skip;
        end if;
    end if;

    if v_key_changed then
        perform trunkline_capture.log_image(i_format, 'DELETE', v_queue, i_schema, i_table, v_keys, v_key_list, v_condition,
                                            v_expressions, v_columns, v_types, v_left_out, v_is_key, null, v_old, i_old,
                                            null, null);
        perform trunkline_capture.log_image(i_format, 'INSERT', v_queue, i_schema, i_table, v_keys, v_key_list, v_condition,
                                            v_expressions, v_columns, v_types, v_left_out, v_is_key, null, v_new, i_new,
                                            null, null);
    elsif i_operation operator(pg_catalog.=) 'DELETE' then
        perform trunkline_capture.log_image(i_format, 'DELETE', v_queue, i_schema, i_table, v_keys, v_key_list, v_condition,
                                            v_expressions, v_columns, v_types, v_left_out, v_is_key, null, v_old, i_old,
                                            null, null);
    else
        perform trunkline_capture.log_image(i_format, i_operation, v_queue, i_schema, i_table, v_keys, v_key_list, v_condition,
                                            v_expressions, v_columns, v_types, v_left_out, v_is_key, v_same, v_new, i_new,
                                            case when v_backup then v_old end, i_old);
    end if;
    return v_skip;
end;
$$ language plpgsql;
