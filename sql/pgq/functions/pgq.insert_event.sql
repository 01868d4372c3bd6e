-- pgq.insert_event: puts one event into a queue.
-- Parameters: queue_name - queue; ev_type, ev_data, ev_extra1..4 - content of the event.
-- Returns: id of the event.
-- Tables written: current event table of the queue.
create or replace function pgq.insert_event(
    queue_name text, ev_type text, ev_data text,
    ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)
returns bigint as $$
declare
    v_queue integer;
    v_table integer;
    v_id bigint;
begin
    -- The short way for a queue without restrictions; the other function knows the rest, and all errors.
    select q.queue_id, q.queue_cur_table
      into v_queue, v_table
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) insert_event.queue_name
       and not q.queue_disable_insert
       and q.queue_per_tx_limit is null;
    if found then
        v_id := trunkline_capture.insert_row(v_queue, v_table, null, pg_catalog.now(), null, null,
                                             ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4);
        if v_id is not null then
            return v_id;
        end if;
    end if;
    return pgq.insert_event_raw(queue_name, null, pg_catalog.now(), null, null,
                                ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4);
end;
$$ language plpgsql security definer;

create or replace function pgq.insert_event(queue_name text, ev_type text, ev_data text)
returns bigint as $$
begin
    return pgq.insert_event(queue_name, ev_type, ev_data, null, null, null, null);
end;
$$ language plpgsql;
