-- pgq_node.unregister_location(i_queue_name, i_node_name)
--
-- Takes a node off the map of a queue, with the subscription it may still have here. A root tells all others
-- through the queue, also about a node that it does not know itself.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
-- Returns: 200 gone; 301 was not there; 403 it is the local node or its provider.
-- Tables written: pgq_node.node_location and those of unregister_subscriber; the queue
--   (event pgq.unregister-location) on a root.
create function pgq_node.unregister_location(
    in i_queue_name text,
    in i_node_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
    v_node_name text;
    v_provider_node text;
begin
    select n.node_type, n.node_name, s.provider_node
      into v_node_type, v_node_name, v_provider_node
      from pgq_node.node_info n
      left join pgq_node.local_state s
        on s.queue_name operator(pg_catalog.=) n.queue_name
       and s.consumer_name operator(pg_catalog.=) n.worker_name
     where n.queue_name operator(pg_catalog.=) i_queue_name;

    if i_node_name operator(pg_catalog.=) v_node_name then
        ret_code := 403;
        ret_note := 'Cannot drop node''s own location';
        return;
    end if;
    if i_node_name operator(pg_catalog.=) v_provider_node then
        ret_code := 403;
        ret_note := 'Cannot drop location of node''s parent';
        return;
    end if;

    perform pgq_node.unregister_subscriber(i_queue_name, i_node_name);

    delete from pgq_node.node_location l
     where l.queue_name operator(pg_catalog.=) i_queue_name
       and l.node_name operator(pg_catalog.=) i_node_name;
    if found then
        ret_code := 200;
        ret_note := 'Ok';
    else
        ret_code := 301;
        ret_note := pg_catalog.format('Location not found: %s/%s', i_queue_name, i_node_name);
    end if;

    if v_node_type operator(pg_catalog.=) 'root' then
        perform pgq.insert_event(i_queue_name, 'pgq.unregister-location', i_node_name,
                                 i_queue_name, null, null, null);
    end if;
end;
$$;
