-- pgq_node.get_consumer_info(i_queue_name)
--
-- The cascaded consumers that write into this node, its worker among them.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: a row per consumer, by name: provider, last tick applied, flags, error.
-- Tables written: none.
create function pgq_node.get_consumer_info(
    in i_queue_name text,
    out consumer_name text,
    out provider_node text,
    out last_tick_id bigint,
    out paused boolean,
    out uptodate boolean,
    out cur_error text)
returns setof record
language plpgsql
security definer
as $$
begin
    return query
        select s.consumer_name, s.provider_node, s.last_tick_id, s.paused, s.uptodate, s.cur_error
          from pgq_node.local_state s
         where s.queue_name operator(pg_catalog.=) i_queue_name
         order by s.consumer_name;
end;
$$;
