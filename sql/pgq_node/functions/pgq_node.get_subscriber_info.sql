-- pgq_node.get_subscriber_info(i_queue_name)
--
-- The nodes that read this queue from here.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: a row per subscriber, by name: its worker and the watermark it has reported.
-- Tables written: none.
create function pgq_node.get_subscriber_info(
    in i_queue_name text,
    out node_name text,
    out worker_name text,
    out node_watermark bigint)
returns setof record
language plpgsql
security definer
as $$
begin
    return query
        select i.subscriber_node, i.worker_name, s.sub_last_tick
          from pgq_node.subscriber_info i
          left join pgq.queue q
            on q.queue_name operator(pg_catalog.=) i.queue_name
          left join pgq.consumer c
            on c.co_name operator(pg_catalog.=) i.watermark_name
          left join pgq.subscription s
            on s.sub_queue operator(pg_catalog.=) q.queue_id
           and s.sub_consumer operator(pg_catalog.=) c.co_id
         where i.queue_name operator(pg_catalog.=) i_queue_name
         order by i.subscriber_node;
end;
$$;
