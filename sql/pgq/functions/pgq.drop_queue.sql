-- pgq.drop_queue: drops a queue with its events, ticks, tables and sequences.
-- Parameters: x_queue_name - queue; x_force - unregister the consumers that are still there (default: refuse).
-- Returns: 1; error when the queue is unknown, or has consumers and x_force is not set.
-- Tables written: pgq.queue, pgq.tick, pgq.subscription, pgq.consumer, pgq.retry_queue.
create or replace function pgq.drop_queue(x_queue_name text, x_force boolean)
returns integer as $$
declare
    v_queue pgq.queue;
    v_consumers pg_catalog.text[];
    v_consumer pg_catalog.text;
begin
    select q.* into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) x_queue_name for update;
    if not found then
        raise exception 'queue "%" does not exist: it cannot be dropped', x_queue_name
            using errcode = 'undefined_object';
    end if;

    select pg_catalog.array_agg(c.co_name order by c.co_name) into v_consumers
      from pgq.subscription s
      join pgq.consumer c on c.co_id operator(pg_catalog.=) s.sub_consumer
     where s.sub_queue operator(pg_catalog.=) v_queue.queue_id;
    if v_consumers is not null then
        if x_force is not true then
            raise exception 'queue "%" still has consumers: %', x_queue_name, pg_catalog.array_to_string(v_consumers, ', ')
                using errcode = 'object_in_use',
                      hint = 'Unregister them first, or call pgq.drop_queue(name, true).';
        end if;
        foreach v_consumer in array v_consumers loop
            perform pgq.unregister_consumer(x_queue_name, v_consumer);
        end loop;
    end if;

    for i in 0 .. v_queue.queue_ntables operator(pg_catalog.-) 1 loop
        execute 'drop table if exists ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) i::pg_catalog.text);
    end loop;
    execute 'drop table if exists ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_data_pfx);

    delete from pgq.retry_queue r where r.ev_queue operator(pg_catalog.=) v_queue.queue_id;
    delete from pgq.tick t where t.tick_queue operator(pg_catalog.=) v_queue.queue_id;
    delete from trunkline_capture.ticker_guard g where g.queue_id operator(pg_catalog.=) v_queue.queue_id;
    delete from pgq.queue q where q.queue_id operator(pg_catalog.=) v_queue.queue_id;

    execute 'drop sequence ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_tick_seq);
    execute 'drop sequence ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_event_seq);
    perform trunkline_capture.refresh_insert_row();
    perform trunkline_capture.refresh_current(v_queue.queue_id);
    return 1;
end;
$$ language plpgsql security definer;

create or replace function pgq.drop_queue(x_queue_name text)
returns integer as $$
begin
    return pgq.drop_queue(x_queue_name, false);
end;
$$ language plpgsql strict;
