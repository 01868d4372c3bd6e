-- pgq_node.register_subscriber(i_queue_name, i_remote_node_name, i_remote_worker_name, i_custom_tick_id)
--
-- Lets another node read the queue from here: one pgq consumer for its worker, one that holds its watermark.
--
-- Parameters:
--   i_queue_name          name of the cascaded queue
--   i_remote_node_name    the subscribing node; its location must be registered
--   i_remote_worker_name  consumer name of its worker
--   i_custom_tick_id      where the worker starts; NULL for the global watermark
-- Returns: 200 with the global watermark the subscriber is to start from; 401 this node is a leaf; 404 unknown queue.
--   A node that is subscribed already raises a unique violation.
-- Tables written: pgq_node.subscriber_info, pgq.consumer, pgq.subscription.
create function pgq_node.register_subscriber(
    in i_queue_name text,
    in i_remote_node_name text,
    in i_remote_worker_name text,
    in i_custom_tick_id bigint,
    out ret_code integer,
    out ret_note text,
    out global_watermark bigint)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
    v_watermark_name text;
begin
    select n.node_type
      into v_node_type
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;
    if v_node_type operator(pg_catalog.<>) all (array['root', 'branch']) then
        ret_code := 401;
        ret_note := 'Cannot subscribe to leaf node';
        return;
    end if;

    select c.last_tick
      into global_watermark
      from pgq.get_consumer_info(i_queue_name, '.global_watermark') c;

    v_watermark_name := '.' operator(pg_catalog.||) i_remote_node_name operator(pg_catalog.||) '.watermark';
    perform pgq.register_consumer_at(i_queue_name, v_watermark_name, global_watermark);
    perform pgq.register_consumer_at(i_queue_name, i_remote_worker_name,
                                     coalesce(i_custom_tick_id, global_watermark));

    insert into pgq_node.subscriber_info (queue_name, subscriber_node, worker_name, watermark_name)
    values (i_queue_name, i_remote_node_name, i_remote_worker_name, v_watermark_name);

    ret_code := 200;
    ret_note := pg_catalog.format('Subscriber registered: %s', i_remote_node_name);
end;
$$;
