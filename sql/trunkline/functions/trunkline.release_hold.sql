-- trunkline.release_hold(i_queue_name, i_node_name, i_holder)
--
-- Lets the worker of a node go on.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
--   i_holder      who asked for the hold; another one's is left alone
-- Returns: true when there was one.
-- Tables written: trunkline.hold.
create function trunkline.release_hold(i_queue_name text, i_node_name text, i_holder text)
returns boolean
language plpgsql
as $$
begin
    delete from trunkline.hold h
     where h.queue_name operator(pg_catalog.=) i_queue_name
       and h.node_name operator(pg_catalog.=) i_node_name
       and h.holder operator(pg_catalog.=) i_holder;
    return found;
end;
$$;
