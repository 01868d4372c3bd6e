-- trunkline_capture.refresh_put: writes the function trunkline_capture.put_ID of a queue anew. It stores one event with a
-- single look at the queue and a single statement whose plan stays cached, for the functions of create_capture.
-- Parameters: i_queue_id - queue.
-- Returns: nothing. The function is dropped where the queue is gone.
-- Tables written: none; a function is replaced.
create or replace function trunkline_capture.refresh_put(i_queue_id integer)
returns void as $$
declare
    v_name constant pg_catalog.text := 'trunkline_capture.put_' operator(pg_catalog.||) i_queue_id::pg_catalog.text;
    v_queue pgq.queue;
    v_branches pg_catalog.text;
begin
    select q.* into v_queue from pgq.queue q where q.queue_id operator(pg_catalog.=) i_queue_id;
    if not found then
        execute 'drop function if exists ' operator(pg_catalog.||) v_name operator(pg_catalog.||) '(text, text, text)';
        return;
    end if;

    select pg_catalog.string_agg(pg_catalog.format(
               E'    elsif v_table operator(pg_catalog.=) %1$s then\n'
               '        insert into %2$s_%1$s (ev_time, ev_type, ev_data, ev_extra1)\n'
               '        values (pg_catalog.now(), i_type, i_data, i_table);\n',
               t.number, pgq.quote_fqname(v_queue.queue_data_pfx)), '' order by t.number)
      into v_branches
      from pg_catalog.generate_series(0, v_queue.queue_ntables operator(pg_catalog.-) 1) t(number);

    -- Whoever may write into a queue may call it; the tables themselves belong to the queue's owner.
    execute 'create or replace function ' operator(pg_catalog.||) v_name
        operator(pg_catalog.||) E'(i_type text, i_data text, i_table text) returns void as $body$\n'
        operator(pg_catalog.||) E'declare\n    v_table integer;\nbegin\n'
        operator(pg_catalog.||) pg_catalog.format(
            E'    select q.queue_cur_table into v_table from pgq.queue q\n'
            '     where q.queue_id operator(pg_catalog.=) %1$s and not q.queue_disable_insert and q.queue_per_tx_limit is null;\n'
            '    if v_table is null then\n'
            '        -- Restricted: the other function knows the rules, and all errors.\n'
            '        perform pgq.insert_event(%2$L, i_type, i_data, i_table, null, null, null);\n', i_queue_id, v_queue.queue_name)
        operator(pg_catalog.||) v_branches
        operator(pg_catalog.||) pg_catalog.format(
            E'    else\n        perform pgq.insert_event(%L, i_type, i_data, i_table, null, null, null);\n    end if;\nend;\n',
            v_queue.queue_name)
        operator(pg_catalog.||) '$body$ language plpgsql security definer';
    execute 'revoke execute on function ' operator(pg_catalog.||) v_name operator(pg_catalog.||) '(text, text, text) from public';
    execute 'grant execute on function ' operator(pg_catalog.||) v_name operator(pg_catalog.||) '(text, text, text) to pgq_writer, pgq_admin';
end;
$$ language plpgsql security definer;
