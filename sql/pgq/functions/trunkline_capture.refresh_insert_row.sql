-- trunkline_capture.refresh_insert_row: writes trunkline_capture.insert_row anew for the queues there are.
-- Parameters: none.
-- Returns: nothing.
-- Tables written: none; a function is replaced.
create or replace function trunkline_capture.refresh_insert_row()
returns void as $$
declare
    v_branches pg_catalog.text;
begin
    -- Replacing one function from two sessions at once is an error; no queue has the id 0.
    perform pg_catalog.pg_advisory_xact_lock(1885827444, 0);

    select pg_catalog.string_agg(
               pg_catalog.format(E'    if i_queue operator(pg_catalog.=) %1$s then\n', b.queue_id) operator(pg_catalog.||) b.inserts
               operator(pg_catalog.||) E'    end if;\n', '' order by b.queue_id desc)
      into v_branches
      from (
           select q.queue_id,
                  pg_catalog.string_agg(pg_catalog.format(
                      E'        if i_table operator(pg_catalog.=) %2$s then\n'
                      '            v_id := pg_catalog.nextval(''pgq.event_%1$s_id_seq'');\n'
                      '            v_id := coalesce(i_id, v_id);\n'
                      '            insert into pgq.event_%1$s_%2$s (ev_id, ev_time, ev_owner, ev_retry, ev_type, ev_data,'
                      ' ev_extra1, ev_extra2, ev_extra3, ev_extra4)\n'
                      '            values (v_id, i_time, i_owner, i_retry, i_type, i_data,'
                      ' i_extra1, i_extra2, i_extra3, i_extra4);\n'
                      '            return v_id;\n'
                      '        end if;\n', q.queue_id, t.number), '' order by t.number) as inserts
             from pgq.queue q,
                  lateral pg_catalog.generate_series(0, q.queue_ntables operator(pg_catalog.-) 1) t(number)
            where q.queue_data_pfx operator(pg_catalog.=) ('pgq.event_' operator(pg_catalog.||) q.queue_id::pg_catalog.text)
              and q.queue_event_seq operator(pg_catalog.=) (q.queue_data_pfx operator(pg_catalog.||) '_id_seq')
            group by q.queue_id
           ) b;

    execute 'create or replace function trunkline_capture.insert_row('
         operator(pg_catalog.||) 'i_queue integer, i_table integer, i_id bigint, i_time pg_catalog.timestamptz, i_owner integer, i_retry integer, '
         operator(pg_catalog.||) 'i_type pg_catalog.text, i_data pg_catalog.text, i_extra1 pg_catalog.text, i_extra2 pg_catalog.text, '
         operator(pg_catalog.||) 'i_extra3 pg_catalog.text, i_extra4 pg_catalog.text) returns bigint as $body$'
         operator(pg_catalog.||) E'\ndeclare\n    v_id bigint;\nbegin\n' operator(pg_catalog.||) coalesce(v_branches, '') operator(pg_catalog.||) E'    return null;\nend;\n'
         operator(pg_catalog.||) '$body$ language plpgsql';
end;
$$ language plpgsql;
