-- trunkline_capture.capture_body: writes one of the functions of create_capture. The common case is one statement whose plan
-- stays cached: conditions that do not depend on rows are asked once, most of them when it is planned. Where they do not
-- hold, or where there was no row, it does nothing, and the rest of the function sees to it.
-- Parameters: i_queue - row of the queue; i_table - table; i_name - its name in the events; i_operation - INSERT, UPDATE or DELETE.
-- Returns: PL/pgSQL.
-- Tables written: none.
create or replace function trunkline_capture.capture_body(
    i_queue pgq.queue, i_table oid, i_name text, i_operation text)
returns text as $$
declare
    v_rows constant pg_catalog.text := case when i_operation operator(pg_catalog.=) 'DELETE' then 'trunkline_old' else 'trunkline_new' end;
    v_guard constant pg_catalog.text :=
        'pg_catalog.current_setting(''session_replication_role'') operator(pg_catalog.<>) ''local'''
        ' and not trunkline_capture.is_replaying()';
    -- Whether other statements on the table may have run between this one and its capture.
    v_followed constant boolean := trunkline_capture.has_after_triggers(i_table);
    v_run constant pg_catalog.text := pg_catalog.format('trunkline_capture.run_%s', i_table);
    v_count constant pg_catalog.text := pg_catalog.format('trunkline_capture.rows_changed(%s::pg_catalog.oid)', i_table);
    -- Where events depend on the session's settings, these are looked at before anything is written.
    v_follows constant boolean := trunkline_capture.follows_settings(i_table);
    v_plainly constant pg_catalog.text := E'    if not trunkline_capture.writes_plainly() then\n'
        '        v_settings := trunkline_capture.write_plainly();\n    end if;\n';
    v_as_before constant pg_catalog.text := E'    if v_settings is not null then\n'
        '        perform trunkline_capture.write_as_before(v_settings);\n    end if;\n';
    v_facts pg_catalog.record;
    v_static pg_catalog.text;
    v_rest pg_catalog.text;
begin
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    if i_operation operator(pg_catalog.=) 'INSERT' then
        v_static := trunkline_capture.capture_each(i_queue, trunkline_capture.capture_query(
            i_table, i_name, i_operation, 'trunkline_new n',
            v_guard operator(pg_catalog.||) case when v_followed then '' else pg_catalog.format(
                -- For keep_order: a MERGE may have deleted rows as well, and that is captured later.
                ' and (select pg_catalog.set_config(%L, pg_catalog.concat_ws('' '', pg_catalog.nextval(%L), c.n, c.n, pg_catalog.pg_trigger_depth(), c.n), true)'
                ' from (select %s as n) c) is not null', v_run, i_queue.queue_event_seq, v_count) end));
    elsif i_operation operator(pg_catalog.=) 'DELETE' then
        v_static := trunkline_capture.capture_each(i_queue, trunkline_capture.capture_query(
            i_table, i_name, i_operation, 'trunkline_old n',
            v_guard operator(pg_catalog.||) case when v_followed then '' else pg_catalog.format(
                ' and (select pg_catalog.strpos(coalesce(pg_catalog.current_setting(%L, true), ''''), pg_catalog.concat('' '', %s, '' '')) operator(pg_catalog.=) 0)',
                v_run, v_count) end));
    else
        -- Most updates change one row, and its key can be compared without a join. Keys that are checked at each row can
        -- not have changed while the set of them is the same.
        v_static := trunkline_capture.capture_each(i_queue, trunkline_capture.capture_query(
            i_table, i_name, i_operation,
            pg_catalog.format('trunkline_new n join trunkline_old o on %s', v_facts.o_same_key),
            'not exists (select from trunkline_new m offset 1) and ' operator(pg_catalog.||) v_guard));
        if v_facts.o_immediate then
            v_static := v_static operator(pg_catalog.||) E'    if not found then\n'
                operator(pg_catalog.||) trunkline_capture.capture_each(i_queue, trunkline_capture.capture_query(
                    i_table, i_name, i_operation, 'trunkline_new n',
                    pg_catalog.format(
                        -- Only a full join is never done by going through all rows for each row.
                        'not exists (select from trunkline_new n full join trunkline_old o on %1$s'
                        ' where n.%2$I is not distinct from null or o.%2$I is not distinct from null) and %3$s',
                        v_facts.o_same_key, v_facts.o_keys[1], v_guard)))
                operator(pg_catalog.||) E'    end if;\n';
        end if;
    end if;
    -- Before a statement is planned that names columns which may have gone since.
    v_static := pg_catalog.format(
        E'    if trunkline_capture.shape(''%s''::pg_catalog.regclass) operator(pg_catalog.=) %L then\n%s    end if;\n',
        i_table, trunkline_capture.shape(i_table), v_static);

    v_rest := pg_catalog.format(
        E'%s        execute trunkline_capture.capture_anew(%L, tg_relid, %L, %L);\n',
        case when v_follows then '' else v_plainly end, i_queue.queue_name, i_name, i_operation);
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
            case when v_follows then v_plainly else '' end, v_as_before);
    end if;
    return pg_catalog.format(
        E'\ndeclare\n    v_rows bigint;\n    v_before bigint;\n    v_settings text[];\nbegin\n%8$s%3$s'
        '    if found then\n%9$s        return null;\n    end if;\n'
        '    -- No row, or something that is not as it was when this was written.\n'
        '    select pg_catalog.count(*) into v_rows from %1$s\n'
        '     where pg_catalog.current_setting(''session_replication_role'') operator(pg_catalog.<>) ''local''\n'
        '       and not trunkline_capture.is_replaying();\n'
        '    if v_rows operator(pg_catalog.>) 0 then\n'
        '        v_before := pg_catalog.nextval(%2$L);\n%4$s'
        '        perform trunkline_capture.keep_order(%5$s, tg_relid, %6$L, %7$L, v_before, v_rows);\n'
        '    end if;\n%10$s    return null;\nend;\n',
        v_rows, i_queue.queue_event_seq, v_static, v_rest, i_queue.queue_id, i_name, i_operation,
        case when v_follows then v_plainly else '' end, case when v_follows then v_as_before else '' end, v_as_before);
end;
$$ language plpgsql;
