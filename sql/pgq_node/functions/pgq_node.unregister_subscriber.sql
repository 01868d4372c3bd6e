-- pgq_node.unregister_subscriber(i_queue_name, i_remote_node_name)
--
-- Ends the subscription of another node, and with it the hold its two pgq consumers have on the queue.
--
-- Parameters:
--   i_queue_name        name of the cascaded queue
--   i_remote_node_name  the subscribed node
-- Returns: 200 ended; 304 it was not subscribed.
-- Tables written: pgq_node.subscriber_info, pgq.consumer, pgq.subscription, pgq.retry_queue.
create function pgq_node.unregister_subscriber(
    in i_queue_name text,
    in i_remote_node_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_worker_name text;
    v_watermark_name text;
begin
    -- The row refers to the consumers, so it goes first.
    delete from pgq_node.subscriber_info i
     where i.queue_name operator(pg_catalog.=) i_queue_name
       and i.subscriber_node operator(pg_catalog.=) i_remote_node_name
    returning i.worker_name, i.watermark_name
      into v_worker_name, v_watermark_name;
    if not found then
        ret_code := 304;
        ret_note := 'Subscriber not found';
        return;
    end if;

    perform pgq.unregister_consumer(i_queue_name, v_watermark_name);
    perform pgq.unregister_consumer(i_queue_name, v_worker_name);

    ret_code := 200;
    ret_note := pg_catalog.format('Subscriber unregistered: %s', i_remote_node_name);
end;
$$;
