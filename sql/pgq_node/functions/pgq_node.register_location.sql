-- pgq_node.register_location(i_queue_name, i_node_name, i_node_location, i_dead)
--
-- Adds a node to the map of a queue, or changes its entry. A root tells all others through the queue.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue, which need not exist here yet
--   i_node_name      the node
--   i_node_location  its connection string; NULL keeps the known one and adds nothing
--   i_dead           whether it counts as dead
-- Returns: 200.
-- Tables written: pgq_node.node_location; the queue (event pgq.location-info) on a root.
create function pgq_node.register_location(
    in i_queue_name text,
    in i_node_name text,
    in i_node_location text,
    in i_dead boolean,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
begin
    select n.node_type
      into v_node_type
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;

    if i_node_location is null then
        update pgq_node.node_location l
           set dead = i_dead
         where l.queue_name operator(pg_catalog.=) i_queue_name
           and l.node_name operator(pg_catalog.=) i_node_name;
    else
        insert into pgq_node.node_location as l (queue_name, node_name, node_location, dead)
        values (i_queue_name, i_node_name, i_node_location, i_dead)
            on conflict on constraint node_location_pkey do update
           set node_location = excluded.node_location,
               dead = excluded.dead;
    end if;

    if v_node_type operator(pg_catalog.=) 'root' then
        perform pgq.insert_event(i_queue_name, 'pgq.location-info', i_node_name,
                                 i_queue_name, i_node_location, i_dead::text, null);
    end if;

    ret_code := 200;
    ret_note := 'Location registered';
end;
$$;
