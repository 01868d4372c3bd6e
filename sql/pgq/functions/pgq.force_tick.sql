-- pgq.force_tick: makes the next pgq.ticker(queue) tick, whatever the settings say.
-- Parameters: i_queue_name - queue.
-- Returns: newest tick id there is, NULL when the queue is unknown. The tick itself comes from pgq.ticker().
-- Tables written: none; the event sequence jumps.
create or replace function pgq.force_tick(i_queue_name text)
returns bigint as $$
declare
    v_queue pg_catalog.record;
begin
    select q.queue_id, q.queue_event_seq, q.queue_external_ticker, q.queue_ticker_paused, q.queue_ticker_max_count
      into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        return null;
    end if;
    if not v_queue.queue_external_ticker and not v_queue.queue_ticker_paused then
        perform pg_catalog.setval(
            v_queue.queue_event_seq::pg_catalog.regclass,
            (pg_catalog.nextval(v_queue.queue_event_seq::pg_catalog.regclass)
                operator(pg_catalog.+) ((v_queue.queue_ticker_max_count::bigint operator(pg_catalog.*) 2::bigint) operator(pg_catalog.+) 1000::bigint)));
    end if;
    return (select pg_catalog.max(t.tick_id) from pgq.tick t where t.tick_queue operator(pg_catalog.=) v_queue.queue_id);
end;
$$ language plpgsql security definer;
