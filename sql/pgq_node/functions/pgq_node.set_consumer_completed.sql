-- pgq_node.set_consumer_completed(i_queue_name, i_consumer_name, i_tick_id)
--
-- Position of a consumer after a batch, set in the transaction that applied it. Clears the error.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
--   i_tick_id        tick at the end of the batch
-- Returns: 100 set; 404 unknown consumer.
-- Tables written: pgq_node.local_state.
create function pgq_node.set_consumer_completed(
    in i_queue_name text,
    in i_consumer_name text,
    in i_tick_id bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    update pgq_node.local_state s
       set last_tick_id = i_tick_id,
           cur_error = null
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Consumer not known: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    ret_code := 100;
    ret_note := pg_catalog.format('Consumer %s completed tick = %s', i_consumer_name, i_tick_id);
end;
$$;
