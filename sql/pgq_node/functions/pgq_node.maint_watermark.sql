-- pgq_node.maint_watermark(i_queue_name)
--
-- Maintenance job of a root: publishes the global watermark when it is five minutes old.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: 0, which tells the caller that there is no more to do.
-- Tables written: those of set_global_watermark.
create function pgq_node.maint_watermark(i_queue_name text)
returns integer
language plpgsql
as $$
declare
    v_lag interval;
begin
    perform 1
       from pgq_node.node_info n
      where n.queue_name operator(pg_catalog.=) i_queue_name
        and n.node_type operator(pg_catalog.=) 'root';
    if not found then
        return 0;
    end if;

    select c.lag
      into v_lag
      from pgq.get_consumer_info(i_queue_name, '.global_watermark') c;
    if v_lag operator(pg_catalog.>=) '5 minutes'::interval then
        perform pgq_node.set_global_watermark(i_queue_name, null);
    end if;
    return 0;
end;
$$;
