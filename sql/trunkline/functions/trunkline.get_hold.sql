-- trunkline.get_hold(i_queue_name, i_node_name)
--
-- Where the worker of a node is to stand still, if anywhere.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
-- Returns: the tick of a hold that has not expired, or NULL.
-- Tables written: none.
create function trunkline.get_hold(i_queue_name text, i_node_name text)
returns bigint
language plpgsql
as $$
declare
    v_tick_id bigint;
begin
    select h.tick_id
      into v_tick_id
      from trunkline.hold h
     where h.queue_name operator(pg_catalog.=) i_queue_name
       and h.node_name operator(pg_catalog.=) i_node_name
       and h.expires_at operator(pg_catalog.>) pg_catalog.clock_timestamp();
    return v_tick_id;
end;
$$;
