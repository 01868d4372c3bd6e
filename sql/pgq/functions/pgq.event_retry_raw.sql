-- pgq.event_retry_raw: puts any event into the retry queue of a subscription.
-- Parameters: x_queue, x_consumer - subscription; x_retry_after - when it is due; x_ev_id - id, NULL for the next one of the
-- queue; x_ev_time, x_ev_retry, x_ev_type, x_ev_data, x_ev_extra1..4 - content.
-- Returns: id of the event; error when the consumer is not registered.
-- Tables written: pgq.retry_queue.
create or replace function pgq.event_retry_raw(
    x_queue text, x_consumer text, x_retry_after timestamptz, x_ev_id bigint, x_ev_time timestamptz, x_ev_retry integer,
    x_ev_type text, x_ev_data text, x_ev_extra1 text, x_ev_extra2 text, x_ev_extra3 text, x_ev_extra4 text)
returns bigint as $$
declare
    v_sub pg_catalog.record;
    v_id bigint := x_ev_id;
begin
    select s.sub_id, q.queue_id, q.queue_event_seq
      into v_sub
      from pgq.subscription s
      join pgq.queue q on q.queue_id operator(pg_catalog.=) s.sub_queue
      join pgq.consumer c on c.co_id operator(pg_catalog.=) s.sub_consumer
     where q.queue_name operator(pg_catalog.=) x_queue
       and c.co_name operator(pg_catalog.=) x_consumer;
    if not found then
        raise exception 'consumer "%" is not registered on queue "%"', x_consumer, x_queue
            using errcode = 'undefined_object';
    end if;

    if v_id is null then
        v_id := pg_catalog.nextval(v_sub.queue_event_seq::pg_catalog.regclass);
    end if;
    insert into pgq.retry_queue (
        ev_retry_after, ev_queue, ev_id, ev_time, ev_owner, ev_retry,
        ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)
    values (
        x_retry_after, v_sub.queue_id, v_id, x_ev_time, v_sub.sub_id, x_ev_retry,
        x_ev_type, x_ev_data, x_ev_extra1, x_ev_extra2, x_ev_extra3, x_ev_extra4);
    return v_id;
end;
$$ language plpgsql security definer;
