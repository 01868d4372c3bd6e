-- trunkline.set_hold(i_queue_name, i_node_name, i_tick_id, i_holder, i_ttl)
--
-- Asks the worker of a node to stop exactly at a tick. The same holder may move or prolong its hold; another one's
-- hold stands until it is released or expires.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
--   i_tick_id     where to stop
--   i_holder      who asks
--   i_ttl         after this the worker goes on by itself
-- Returns: true when the hold is the caller's, false when somebody else has one.
-- Tables written: trunkline.hold.
create function trunkline.set_hold(
    i_queue_name text,
    i_node_name text,
    i_tick_id bigint,
    i_holder text,
    i_ttl interval)
returns boolean
language plpgsql
as $$
begin
    insert into trunkline.hold as h (queue_name, node_name, tick_id, holder, expires_at)
    values (i_queue_name, i_node_name, i_tick_id, i_holder, pg_catalog.clock_timestamp() operator(pg_catalog.+) i_ttl)
        on conflict on constraint hold_pkey do update
       set tick_id = excluded.tick_id,
           holder = excluded.holder,
           expires_at = excluded.expires_at
     where h.holder operator(pg_catalog.=) excluded.holder
        or h.expires_at operator(pg_catalog.<=) pg_catalog.clock_timestamp();
    return found;
end;
$$;
