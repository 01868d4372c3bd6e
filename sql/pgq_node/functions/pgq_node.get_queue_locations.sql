-- pgq_node.get_queue_locations(i_queue_name)
--
-- All nodes of the queue that this database has heard of.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: a row per node: its name, its connection string, and whether it is tagged dead.
-- Tables written: none.
create function pgq_node.get_queue_locations(
    in i_queue_name text,
    out node_name text,
    out node_location text,
    out dead boolean)
returns setof record
language plpgsql
security definer
as $$
begin
    return query
        select l.node_name, l.node_location, l.dead
          from pgq_node.node_location l
         where l.queue_name operator(pg_catalog.=) i_queue_name;
end;
$$;
