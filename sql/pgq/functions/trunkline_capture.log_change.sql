-- trunkline_capture.log_change: writes the event of one change of a table; the work behind pgq.logutriga, pgq.sqltriga and
-- pgq.jsontriga. Every change of a replicated table passes here: loops over arrays in plain expressions are cheaper than
-- the set-wise query that would replace them, as each query costs several microseconds.
-- Parameters: i_format - format of the event: url, sql or json; i_operation, i_when, i_level, i_table_id, i_schema, i_table,
-- i_args - what the trigger knows of itself; i_new, i_old - the row after and before the change.
-- Returns: true when the trigger has to keep the change from happening.
-- Tables written: current event table of the queue.
create or replace function trunkline_capture.log_change(
    i_format text, i_operation text, i_when text, i_level text, i_table_id oid, i_schema text, i_table text, i_args text[],
    i_new record, i_old record)
returns boolean as $$
-- @plpgsql_check_options: extra_warnings = off
declare
    v_count integer;
    v_queue pg_catalog.text;
    v_skip boolean;
    v_deny boolean;
    v_backup boolean;
    v_split boolean;
    v_whole boolean;
    v_magic boolean;
    v_ignore pg_catalog.text[];
    v_key_list pg_catalog.text;
    v_condition pg_catalog.text;
    v_expressions pg_catalog.text[];
    v_argument pg_catalog.text;
    v_word pg_catalog.text;
    v_rest pg_catalog.text;
    v_place integer;
    v_columns pg_catalog.text[];
    v_left_out pg_catalog.text[];
    v_given_keys pg_catalog.text[];
    v_keys pg_catalog.text[];
    v_changed pg_catalog.text[];
    v_new pg_catalog.text[];
    v_old pg_catalog.text[];
    v_new_row pg_catalog.text;
    v_old_row pg_catalog.text;
    v_key_same boolean;
    v_key_changed boolean;
    v_id bigint;
    v_settings pg_catalog.text[];
begin
    if not trunkline_capture.writes_plainly() then
        v_settings := trunkline_capture.write_plainly();
        v_skip := trunkline_capture.log_change(
            i_format, i_operation, i_when, i_level, i_table_id, i_schema, i_table, i_args, i_new, i_old);
        perform trunkline_capture.write_as_before(v_settings);
        return v_skip;
    end if;

    -- Each expression costs about half a microsecond once a transaction, so the plain case passes few of them.
    if i_args[0] is not null and (i_args[1] is null or i_args[1] operator(pg_catalog.=) 'key_update=split') and i_args[2] is null
       and i_level operator(pg_catalog.=) 'ROW' and i_when operator(pg_catalog.<>) 'INSTEAD OF'
    then
        v_queue := i_args[0];
        v_split := i_args[1] is not null;
    else
        v_count := coalesce(pg_catalog.cardinality(i_args), 0);
        v_queue := i_args[0];
        v_skip := false;
        for i in 1 .. v_count operator(pg_catalog.-) 1 loop
            v_argument := i_args[i];
            if v_argument operator(pg_catalog.=) 'key_update=split' then
                v_split := true;
            elsif v_argument operator(pg_catalog.=) 'backup' then
                v_backup := true;
            elsif v_argument operator(pg_catalog.=) 'deny' then
                v_deny := true;
            elsif v_argument operator(pg_catalog.=) 'SKIP' then
                v_skip := true;
            else
                v_place := pg_catalog.strpos(v_argument, '=');
                v_word := pg_catalog.left(v_argument, v_place);
                v_rest := pg_catalog.substr(v_argument, v_place operator(pg_catalog.+) 1);
                if v_word operator(pg_catalog.=) 'ignore=' then
                    v_ignore := trunkline_capture.trimmed(pg_catalog.string_to_array(v_rest, ','));
                elsif v_word operator(pg_catalog.=) 'pkey=' then
                    v_key_list := v_rest;
                    v_given_keys := case when v_rest operator(pg_catalog.=) '' then array[''] else pg_catalog.string_to_array(v_rest, ',') end;
                elsif v_word operator(pg_catalog.=) 'when=' then
                    v_condition := coalesce(v_condition, v_rest);
                elsif v_word operator(pg_catalog.~) '^ev_(type|data|extra[1-4])=$' then
                    v_place := pg_catalog.array_position(
                        array['ev_type=', 'ev_data=', 'ev_extra1=', 'ev_extra2=', 'ev_extra3=', 'ev_extra4='], v_word);
                    v_expressions := coalesce(v_expressions, array[null, null, null, null, null, null]::pg_catalog.text[]);
                    v_expressions[v_place] := v_rest;
                else
                    raise exception 'trigger on table "%.%": argument "%" is unknown', i_schema, i_table, v_argument
                        using errcode = 'invalid_parameter_value',
                              hint = 'Arguments are: the queue, then SKIP, deny, backup, ignore=, pkey=, when=, ev_type=, '
                                  operator(pg_catalog.||) 'ev_data=, ev_extra1= to ev_extra4=, key_update=split.';
                end if;
            end if;
        end loop;
        if v_count operator(pg_catalog.=) 0 then
            raise exception 'trigger on table "%.%": the first argument must name the queue, and there is none', i_schema, i_table
                using errcode = 'invalid_parameter_value';
        end if;
        if (i_operation operator(pg_catalog.=) 'TRUNCATE') operator(pg_catalog.<>) (i_level operator(pg_catalog.=) 'STATEMENT') then
            raise exception 'trigger on table "%.%": it is FOR EACH %, changes are logged FOR EACH ROW, TRUNCATE FOR EACH STATEMENT',
                    i_schema, i_table, i_level
                using errcode = 'invalid_parameter_value';
        end if;
        if i_when operator(pg_catalog.=) 'INSTEAD OF' then
            raise exception 'trigger on view "%.%": it must be an AFTER or a BEFORE trigger of a table', i_schema, i_table
                using errcode = 'invalid_parameter_value';
        end if;
        if v_skip and i_when operator(pg_catalog.<>) 'BEFORE' then
            raise exception 'trigger on table "%.%": SKIP works in a BEFORE trigger only, this one is %', i_schema, i_table, i_when
                using errcode = 'invalid_parameter_value';
        end if;
        if v_deny then
            raise exception 'table "%.%" does not take changes here: % is denied, its data comes through queue "%"',
                    i_schema, i_table, i_operation, v_queue
                using errcode = 'insufficient_privilege', hint = 'Change the table on the root node of the queue.';
        end if;
        if i_operation operator(pg_catalog.=) 'TRUNCATE'
           and (v_backup or v_ignore is not null or v_given_keys is not null or v_condition is not null
                or v_expressions is not null)
        then
            raise exception 'trigger on table "%.%": a truncate trigger takes no argument but deny and SKIP', i_schema, i_table
                using errcode = 'invalid_parameter_value';
        end if;
    end if;

    -- Names by attnum first, which is how the key names its columns; then without the dropped ones, as values come.
    v_columns := array(
        select case when not a.attisdropped then a.attname::pg_catalog.text end
          from pg_catalog.pg_attribute a
         where a.attrelid operator(pg_catalog.=) i_table_id
           and a.attnum operator(pg_catalog.>) 0::smallint
         order by a.attnum);
    if pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.<>) 'read committed' then
        perform trunkline_capture.require_sight(i_table_id);
    end if;
    if v_given_keys is null then
        v_keys := trunkline_capture.key_columns(i_table_id, v_columns);
        v_given_keys := v_keys;
        v_key_list := pg_catalog.array_to_string(v_keys, ',');
    else
        v_keys := trunkline_capture.trimmed(v_given_keys);
    end if;
    if i_format operator(pg_catalog.=) 'url' and v_condition is null and v_ignore is null and v_expressions is null and v_backup is null
       and pg_catalog.strpos(pg_catalog.array_to_string(v_columns, ','), '_pgq_ev_') operator(pg_catalog.=) 0
       and pg_catalog.array_position(v_columns, null) is null
       -- The key of an update is one column, comes first, and is seen unchanged in the text of the rows.
       and (i_operation operator(pg_catalog.=) 'INSERT'
            or (i_operation operator(pg_catalog.=) 'UPDATE' and v_columns[1] operator(pg_catalog.=) v_key_list
                and pg_catalog.strpos(pg_catalog.split_part(pg_catalog.concat(i_new), ',', 1), '"') operator(pg_catalog.=) 0
                and pg_catalog.split_part(pg_catalog.concat(i_new), ',', 1)
                    operator(pg_catalog.=) pg_catalog.split_part(pg_catalog.concat(i_old), ',', 1)))
    then
        v_id := pgq.insert_event(
            v_queue, pg_catalog.left(i_operation, 1) operator(pg_catalog.||) ':' operator(pg_catalog.||) v_key_list,
            trunkline_capture.row_url(
                v_columns,
                trunkline_capture.row_values(pg_catalog.concat(i_new), pg_catalog.cardinality(v_columns)), null),
            i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, null, null, null);
        return v_skip;
    end if;
    if i_operation operator(pg_catalog.=) 'TRUNCATE' then
        if i_format operator(pg_catalog.=) 'json' then
            v_id := pgq.insert_event(v_queue, trunkline_capture.json_type(i_operation, i_schema, i_table, v_given_keys), '{}',
                                     i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, null, null, null);
        else
            v_id := pgq.insert_event(v_queue, 'R', '', i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, null, null, null);
        end if;
        return v_skip;
    end if;

    v_columns := pg_catalog.array_remove(v_columns, null);
    v_left_out := v_ignore;
    v_magic := pg_catalog.strpos(pg_catalog.array_to_string(v_columns, ','), '_pgq_ev_') operator(pg_catalog.>) 0;
    if v_magic then
        for i in 1 .. pg_catalog.cardinality(v_columns) loop
            if pg_catalog.starts_with(v_columns[i], '_pgq_ev_') then
                v_left_out := pg_catalog.array_append(v_left_out, v_columns[i]);
            end if;
        end loop;
    end if;

    if i_operation operator(pg_catalog.<>) 'INSERT' and v_key_list operator(pg_catalog.=) '' then
        raise exception 'table "%.%" has no primary key: its updates and deletes cannot be replicated', i_schema, i_table
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Give it one, or name key columns in the trigger with pkey=.';
    end if;

    -- Rows are taken apart only where it is needed.
    if i_operation operator(pg_catalog.<>) 'DELETE' then
        v_new_row := pg_catalog.concat(i_new);
    end if;
    if i_operation operator(pg_catalog.<>) 'INSERT' then
        v_old_row := pg_catalog.concat(i_old);
    end if;
    if i_operation operator(pg_catalog.=) 'UPDATE' then
        v_changed := array[]::pg_catalog.text[];
        v_key_same := v_left_out is null and i_format operator(pg_catalog.<>) 'sql'
            and v_columns[1:pg_catalog.cardinality(v_keys)] operator(pg_catalog.@>) v_keys;
        if v_key_same then
            -- The key comes first in the row, as it mostly does, and can be seen in the text unless it is in quotes.
            for i in 1 .. pg_catalog.cardinality(v_keys) loop
                v_word := pg_catalog.split_part(v_new_row, ',', i);
                v_key_same := v_key_same and v_word operator(pg_catalog.=) pg_catalog.split_part(v_old_row, ',', i)
                    and pg_catalog.strpos(v_word, '"') operator(pg_catalog.=) 0;
            end loop;
        end if;
        if not v_key_same then
            v_new := trunkline_capture.row_values(v_new_row, pg_catalog.cardinality(v_columns));
            v_old := trunkline_capture.row_values(v_old_row, pg_catalog.cardinality(v_columns));
            v_whole := v_split and v_columns operator(pg_catalog.<@) v_keys;
            for i in 1 .. pg_catalog.cardinality(v_columns) loop
                -- Where all columns are sent, only a change of the key matters.
                if (v_left_out is not null or i_format operator(pg_catalog.=) 'sql' or v_columns[i] operator(pg_catalog.=) any (v_keys))
                   and (case
                            -- An update that tells of nothing but its key could not tell how an equal value is written now.
                            when v_whole
                                then coalesce(v_old[i] operator(pg_catalog.=) v_new[i], v_old[i] is null and v_new[i] is null)
                            else trunkline_capture.same_value(i_table_id, v_columns[i], v_old[i], v_new[i])
                        end) is not true
                then
                    v_changed := pg_catalog.array_append(v_changed, v_columns[i]);
                end if;
            end loop;
        end if;
        v_key_changed := v_changed operator(pg_catalog.&&) v_keys;
        -- Where keys are checked at the end of a statement, two of them may swap, and no order of single changes tells that.
        if v_key_changed
           and (v_split is not true
                or exists (select 1 from pg_catalog.pg_index x
                            where x.indrelid operator(pg_catalog.=) i_table_id and x.indisprimary and not x.indimmediate))
        then
            raise exception 'table "%.%": an update changes key columns "%", which replication does not allow',
                    i_schema, i_table, v_key_list
                using errcode = 'feature_not_supported',
                      hint = 'Delete the row and insert it anew, or give the trigger the argument key_update=split.';
        end if;
        -- Only columns that stay out changed. An update that changes nothing at all is an event: it touches the row.
        if (v_ignore is not null or i_format operator(pg_catalog.=) 'sql')
           and pg_catalog.cardinality(v_changed) operator(pg_catalog.>) 0 and v_changed operator(pg_catalog.<@) v_left_out
           and not v_key_changed
        then
            return v_skip;
        end if;
    end if;
    if v_new is null and i_operation operator(pg_catalog.<>) 'DELETE' and (i_format operator(pg_catalog.<>) 'json' or v_magic) then
        v_new := trunkline_capture.row_values(v_new_row, pg_catalog.cardinality(v_columns));
    end if;
    if v_old is null and (i_operation operator(pg_catalog.=) 'DELETE' or v_backup) and (i_format operator(pg_catalog.<>) 'json' or v_magic) then
        v_old := trunkline_capture.row_values(v_old_row, pg_catalog.cardinality(v_columns));
    end if;

    if i_format operator(pg_catalog.=) 'url' and v_left_out is null and v_condition is null and v_expressions is null
       and v_backup is not true and v_key_changed is not true
    then
        -- The plain case, short: what log_image would do for it.
        v_id := pgq.insert_event(
            v_queue, pg_catalog.left(i_operation, 1) operator(pg_catalog.||) ':' operator(pg_catalog.||) v_key_list,
            trunkline_capture.row_url(v_columns, case when i_operation operator(pg_catalog.=) 'DELETE' then v_old else v_new end, null), i_schema operator(pg_catalog.||) '.' operator(pg_catalog.||) i_table, null, null, null);
        return v_skip;
    end if;
    if v_key_changed or i_operation operator(pg_catalog.=) 'DELETE' then
        v_id := trunkline_capture.log_image(
            i_format, 'DELETE', v_queue, i_table_id, i_schema, i_table, v_given_keys, v_key_list, v_condition, v_expressions,
            v_magic, v_columns, v_left_out, null, v_old, i_old, false, null, null);
    end if;
    if v_key_changed then
        v_id := trunkline_capture.log_image(
            i_format, 'INSERT', v_queue, i_table_id, i_schema, i_table, v_given_keys, v_key_list, v_condition, v_expressions,
            v_magic, v_columns, v_left_out, null, v_new, i_new, false, null, null);
    elsif i_operation operator(pg_catalog.<>) 'DELETE' then
        v_id := trunkline_capture.log_image(
            i_format, i_operation, v_queue, i_table_id, i_schema, i_table, v_given_keys, v_key_list, v_condition, v_expressions,
            v_magic, v_columns, v_left_out, v_changed, v_new, i_new, i_operation operator(pg_catalog.=) 'UPDATE' and v_backup, v_old, i_old);
    end if;
    return v_skip;
end;
$$ language plpgsql;
