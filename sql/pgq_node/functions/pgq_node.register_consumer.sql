-- pgq_node.register_consumer(i_queue_name, i_consumer_name, i_provider_node, i_custom_tick_id)
--
-- Registers a cascaded consumer of this node at a tick of its provider. Where it is registered already, provider
-- and position are overwritten and the flags are left alone.
--
-- Parameters:
--   i_queue_name      name of the cascaded queue
--   i_consumer_name   name of the consumer
--   i_provider_node   node it reads from
--   i_custom_tick_id  last tick it counts as having seen
-- Returns: 200 registered; 201 was registered; 404 unknown queue.
-- Tables written: pgq_node.local_state.
create function pgq_node.register_consumer(
    in i_queue_name text,
    in i_consumer_name text,
    in i_provider_node text,
    in i_custom_tick_id bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    -- A share lock would do; the stronger one makes two registrations of one consumer take turns.
    perform 1
       from pgq_node.node_info n
      where n.queue_name operator(pg_catalog.=) i_queue_name
        for no key update;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;

    update pgq_node.local_state s
       set provider_node = i_provider_node,
           last_tick_id = i_custom_tick_id
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if found then
        ret_code := 201;
        ret_note := pg_catalog.format('Consumer already registered: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    insert into pgq_node.local_state (queue_name, consumer_name, provider_node, last_tick_id)
    values (i_queue_name, i_consumer_name, i_provider_node, i_custom_tick_id);

    ret_code := 200;
    ret_note := pg_catalog.format('Consumer %s registered on queue %s', i_consumer_name, i_queue_name);
end;
$$;
