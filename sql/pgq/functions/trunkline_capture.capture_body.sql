-- trunkline_capture.capture_body: writes one of the functions of create_capture. The common case is one statement whose plan
-- stays cached. Starting a statement takes longer than storing a row, so that all that can be known without one is asked before, in
-- one expression, and most of that when it is planned. Where it does not hold, or where there was no row, nothing is stored, and
-- the rest of the function sees to it.
-- Parameters: i_queue - row of the queue; i_table - table; i_name - its name in the events; i_operation - INSERT, UPDATE or DELETE.
-- Returns: PL/pgSQL.
-- Tables written: none.
create or replace function trunkline_capture.capture_body(
    i_queue pgq.queue, i_table oid, i_name text, i_operation text)
returns text as $$
declare
    v_rows constant pg_catalog.text := case when i_operation operator(pg_catalog.=) 'DELETE' then 'trunkline_old' else 'trunkline_new' end;
    -- The table comes first, before a statement is planned that names columns which may have gone since. Who says to replay may have
    -- no right to say so: the rest of the function looks.
    v_condition pg_catalog.text := pg_catalog.format(
        'trunkline_capture.shape(''%s''::pg_catalog.regclass) operator(pg_catalog.=) %L and not trunkline_capture.is_local()'
        ' and coalesce(pg_catalog.current_setting(''trunkline.replays'', true), '''') operator(pg_catalog.=) ''''',
        i_table, trunkline_capture.shape(i_table));
    -- Whether other statements on the table may have run between this one and its capture.
    v_followed constant boolean := trunkline_capture.has_after_triggers(i_table);
    -- Where events depend on the session's settings, these are looked at before anything is written.
    v_plain constant pg_catalog.text := trunkline_capture.plain_condition(i_table);
    v_plainly constant pg_catalog.text := case
        when v_plain is null then ''
        else pg_catalog.format(E'    if not (%s) then\n        v_settings := trunkline_capture.write_plainly();\n    end if;\n', v_plain)
    end;
    v_as_before constant pg_catalog.text := E'    if v_settings is not null then\n'
        '        perform trunkline_capture.write_as_before(v_settings);\n    end if;\n';
    v_end constant pg_catalog.text := case
        when v_followed then ''
        else pg_catalog.format(E'        if found%s then\n            return null;\n        end if;\n',
                               case when v_plain is null then '' else ' and v_settings is null' end)
    end;
    v_facts pg_catalog.record;
    v_static pg_catalog.text;
    v_rest pg_catalog.text;
begin
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    if i_operation operator(pg_catalog.=) 'UPDATE' then
        -- Most updates change one row, and its key can be compared without a join.
        v_static := trunkline_capture.capture_each(i_queue, v_condition, trunkline_capture.capture_query(
            i_table, i_name, i_operation, 'trunkline_new n',
            pg_catalog.format('array[%1$s] operator(pg_catalog.=) array(select %1$s from trunkline_old n limit 2)', v_facts.o_key)), v_end);
        -- Keys that are checked at each row can not have changed while the set of them is the same.
        if v_facts.o_immediate then
            v_static := v_static operator(pg_catalog.||) E'    if not found then\n'
                -- Updates that find no row are common.
                operator(pg_catalog.||) case when v_followed then '' else pg_catalog.format(
                    E'    if not exists (select from trunkline_new) then\n%s        return null;\n    end if;\n',
                    case when v_plain is null then '' else v_as_before end) end
                operator(pg_catalog.||) trunkline_capture.capture_each(i_queue, v_condition, trunkline_capture.capture_query(
                    i_table, i_name, i_operation, 'trunkline_new n',
                    pg_catalog.format(
                        -- Only a full join is never done by going through all rows for each row.
                        'not exists (select from trunkline_new n full join trunkline_old o on %1$s'
                        ' where n.%2$I is not distinct from null or o.%2$I is not distinct from null)',
                        v_facts.o_same_key, v_facts.o_keys[1])), v_end)
                operator(pg_catalog.||) E'    end if;\n';
        end if;
    else
        if not v_followed then
            v_condition := v_condition operator(pg_catalog.||) pg_catalog.format(
                case when i_operation operator(pg_catalog.=) 'INSERT' then
                    ' and (pg_catalog.pg_stat_get_xact_tuples_deleted(%1$s::pg_catalog.oid) operator(pg_catalog.=) 0::bigint'
                    ' or trunkline_capture.begin_run(%1$s::pg_catalog.oid, %2$L))'
                else
                    ' and (coalesce(pg_catalog.current_setting(''trunkline_capture.run_%1$s'', true), '''') operator(pg_catalog.=) '''''
                    ' or not trunkline_capture.ends_run(%1$s::pg_catalog.oid))'
                end, i_table, i_queue.queue_event_seq);
        end if;
        v_static := trunkline_capture.capture_each(i_queue, v_condition, trunkline_capture.capture_query(
            i_table, i_name, i_operation, v_rows operator(pg_catalog.||) ' n', 'true'), v_end);
    end if;

    v_rest := pg_catalog.format(
        -- The table may have columns of other types by now.
        E'        if v_settings is null and not trunkline_capture.writes_plainly() then\n'
        '            v_settings := trunkline_capture.write_plainly();\n        end if;\n'
        '        execute trunkline_capture.capture_anew(%L, tg_relid, %L, %L);\n', i_queue.queue_name, i_name, i_operation);
    if v_followed then
        return pg_catalog.format(
            E'\ndeclare\n    v_rows bigint;\n    v_before bigint;\n    v_settings text[];\nbegin\n'
            -- By assignment, which leaves FOUND as it is: false, until the statement has stored events.
            '    v_rows := (select pg_catalog.count(*) from %1$s\n'
            '     where pg_catalog.current_setting(''session_replication_role'') operator(pg_catalog.<>) ''local''\n'
            '       and not trunkline_capture.is_replaying());\n'
            '    if v_rows operator(pg_catalog.=) 0 then\n        return null;\n    end if;\n'
            '    v_before := pg_catalog.nextval(%2$L);\n'
            '%8$s%3$s    if not found then\n%4$s    end if;\n%9$s'
            '    perform trunkline_capture.keep_order(%5$s, tg_relid, %6$L, %7$L, v_before, v_rows);\n'
            '    return null;\nend;\n',
            v_rows, i_queue.queue_event_seq, v_static, v_rest, i_queue.queue_id, i_name, i_operation,
            v_plainly, v_as_before);
    end if;
    return pg_catalog.format(
        E'\ndeclare\n    v_rows bigint;\n    v_before bigint;\n    v_settings text[];\nbegin\n%8$s%3$s'
        '%9$s    -- No row, or something that is not as it was when this was written.\n'
        '    select pg_catalog.count(*) into v_rows from %1$s\n'
        '     where pg_catalog.current_setting(''session_replication_role'') operator(pg_catalog.<>) ''local''\n'
        '       and not trunkline_capture.is_replaying();\n'
        '    if v_rows operator(pg_catalog.>) 0 then\n'
        '        v_before := pg_catalog.nextval(%2$L);\n%4$s'
        '        perform trunkline_capture.keep_order(%5$s, tg_relid, %6$L, %7$L, v_before, v_rows);\n'
        '    end if;\n%10$s    return null;\nend;\n',
        v_rows, i_queue.queue_event_seq, v_static, v_rest, i_queue.queue_id, i_name, i_operation,
        v_plainly,
        case when v_plain is null then ''
             else pg_catalog.format(E'    if found then\n%s        return null;\n    end if;\n', v_as_before) end,
        v_as_before);
end;
$$ language plpgsql;
