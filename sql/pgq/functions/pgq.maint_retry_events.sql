-- pgq.maint_retry_events: puts events whose time has come back into their queues, at most 10 a call.
-- Parameters: none.
-- Returns: number of events moved; call again until it is 0.
-- Tables written: pgq.retry_queue, current event tables.
create or replace function pgq.maint_retry_events()
returns integer as $$
declare
    v_event pg_catalog.record;
    v_count integer := 0;
begin
    -- Two sessions at it at once would deliver an event twice; readers and event_retry() are not in the way.
    lock table pgq.retry_queue in share update exclusive mode;
    for v_event in
        select q.queue_name, r.ev_id, r.ev_time, r.ev_owner, r.ev_retry, r.ev_type, r.ev_data,
               r.ev_extra1, r.ev_extra2, r.ev_extra3, r.ev_extra4
          from pgq.retry_queue r
          join pgq.queue q on q.queue_id operator(pg_catalog.=) r.ev_queue
         where r.ev_retry_after operator(pg_catalog.<=) pg_catalog.now()
         order by r.ev_retry_after
         limit 10
    loop
        perform pgq.insert_event_raw(v_event.queue_name, v_event.ev_id, v_event.ev_time, v_event.ev_owner, v_event.ev_retry,
                                     v_event.ev_type, v_event.ev_data, v_event.ev_extra1, v_event.ev_extra2,
                                     v_event.ev_extra3, v_event.ev_extra4);
        delete from pgq.retry_queue r where r.ev_owner operator(pg_catalog.=) v_event.ev_owner and r.ev_id operator(pg_catalog.=) v_event.ev_id;
        v_count := v_count operator(pg_catalog.+) 1;
    end loop;
    return v_count;
end;
$$ language plpgsql;
