-- pgq_node.drop_node(i_queue_name, i_node_name)
--
-- Removes a node from this database's view of a cascade. For the local node, or where there is none, everything
-- about the queue goes, the pgq queue with its consumers included; for another node its subscription and location.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
-- Returns: 200 dropped, or nothing was there; 405 the local node reads from it.
-- Tables written: all of pgq_node; the tables of pgq when the queue is dropped.
create function pgq_node.drop_node(
    in i_queue_name text,
    in i_node_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_node_name text;
    v_provider_node text;
begin
    select n.node_name, s.provider_node
      into v_node_name, v_provider_node
      from pgq_node.node_info n
      left join pgq_node.local_state s
        on s.queue_name operator(pg_catalog.=) n.queue_name
       and s.consumer_name operator(pg_catalog.=) n.worker_name
     where n.queue_name operator(pg_catalog.=) i_queue_name;

    if v_node_name is null or v_node_name operator(pg_catalog.=) i_node_name then
        delete from pgq_node.subscriber_info i
         where i.queue_name operator(pg_catalog.=) i_queue_name;
        delete from pgq_node.local_state s
         where s.queue_name operator(pg_catalog.=) i_queue_name;
        delete from pgq_node.node_info n
         where n.queue_name operator(pg_catalog.=) i_queue_name;

        perform 1
           from pgq.queue q
          where q.queue_name operator(pg_catalog.=) i_queue_name;
        if found then
            perform pgq.drop_queue(i_queue_name, true);
        end if;

        delete from pgq_node.node_location l
         where l.queue_name operator(pg_catalog.=) i_queue_name
           and l.node_name operator(pg_catalog.<>) i_node_name;
    elsif i_node_name operator(pg_catalog.=) v_provider_node then
        ret_code := 405;
        ret_note := pg_catalog.format('Cannot drop provider node: %s', i_node_name);
        return;
    else
        perform pgq_node.unregister_subscriber(i_queue_name, i_node_name);
    end if;

    -- A node without a location is as good as dropped, so the answer does not matter.
    perform pgq_node.unregister_location(i_queue_name, i_node_name);

    ret_code := 200;
    ret_note := pg_catalog.format('Node dropped: %s', i_node_name);
end;
$$;
