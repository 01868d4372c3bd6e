-- pgq_node.unregister_consumer(i_queue_name, i_consumer_name)
--
-- Forgets a cascaded consumer of this node. One that is not registered is no error.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
-- Returns: 200 gone; 404 unknown queue.
-- Tables written: pgq_node.local_state.
create function pgq_node.unregister_consumer(
    in i_queue_name text,
    in i_consumer_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    perform 1
       from pgq_node.node_info n
      where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;

    delete from pgq_node.local_state s
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;

    ret_code := 200;
    ret_note := pg_catalog.format('Consumer %s unregistered from %s', i_consumer_name, i_queue_name);
end;
$$;
