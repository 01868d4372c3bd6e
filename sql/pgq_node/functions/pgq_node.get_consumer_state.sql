-- pgq_node.get_consumer_state(i_queue_name, i_consumer_name)
--
-- What one cascaded consumer asks at the start of each round.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
-- Returns: 100 with the state of node and consumer; 404 when queue or consumer is unknown.
-- Tables written: none.
create function pgq_node.get_consumer_state(
    in i_queue_name text,
    in i_consumer_name text,
    out ret_code integer,
    out ret_note text,
    out node_type text,
    out node_name text,
    out completed_tick bigint,
    out provider_node text,
    out provider_location text,
    out paused boolean,
    out uptodate boolean,
    out cur_error text)
returns record
language plpgsql
security definer
as $$
begin
    select n.node_type, n.node_name
      into node_type, node_name
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;

    select s.last_tick_id, s.provider_node, l.node_location, s.paused, s.uptodate, s.cur_error
      into completed_tick, provider_node, provider_location, paused, uptodate, cur_error
      from pgq_node.local_state s
      join pgq_node.node_location l
        on l.queue_name operator(pg_catalog.=) s.queue_name
       and l.node_name operator(pg_catalog.=) s.provider_node
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown consumer: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    ret_code := 100;
    ret_note := 'Ok';
end;
$$;
