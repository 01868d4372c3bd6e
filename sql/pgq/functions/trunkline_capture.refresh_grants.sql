-- trunkline_capture.refresh_grants: lets writers add events to the tables of a queue, all else than id and transaction of an
-- event being theirs to say, as it is with pgq.insert_event().
-- Parameters: i_queue_id - queue.
-- Returns: nothing.
-- Tables written: none; rights are granted.
create or replace function trunkline_capture.refresh_grants(i_queue_id integer)
returns void as $$
declare
    v_queue pgq.queue;
    v_table pg_catalog.text;
begin
    select q.* into v_queue from pgq.queue q where q.queue_id operator(pg_catalog.=) i_queue_id;
    for i in 0 .. v_queue.queue_ntables operator(pg_catalog.-) 1 loop
        v_table := pgq.quote_fqname(pg_catalog.format('%s_%s', v_queue.queue_data_pfx, i));
        execute pg_catalog.format(
            'grant insert (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4) on %s to pgq_writer', v_table);
    end loop;
    execute pg_catalog.format('grant usage on sequence %s to pgq_writer', pgq.quote_fqname(v_queue.queue_event_seq));
end;
$$ language plpgsql security definer;
