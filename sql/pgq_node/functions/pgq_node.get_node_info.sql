-- pgq_node.get_node_info(i_queue_name)
--
-- The local node of a queue: what it is, where it reads, how far it and its subscribers have come.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: 100 with the node; 404 when the queue is not cascaded here. On a root worker_last_tick is the newest
--   tick. The local watermark of a root or branch is the position of its slowest reader, of a leaf its own.
--   target_for lists the queues whose leaves here merge into this one, or is NULL.
-- Tables written: none.
create function pgq_node.get_node_info(
    in i_queue_name text,
    out ret_code integer,
    out ret_note text,
    out node_type text,
    out node_name text,
    out global_watermark bigint,
    out local_watermark bigint,
    out provider_node text,
    out provider_location text,
    out combined_queue text,
    out combined_type text,
    out worker_name text,
    out worker_paused boolean,
    out worker_uptodate boolean,
    out worker_last_tick bigint,
    out node_attrs text,
    out target_for text[])
returns record
language plpgsql
security definer
as $$
declare
    v_queue_id integer;
    v_top_tick bigint;
begin
    select n.node_type, n.node_name, n.combined_queue, c.node_type, n.worker_name, n.node_attrs,
           s.provider_node, l.node_location, s.paused, s.uptodate, s.last_tick_id
      into node_type, node_name, combined_queue, combined_type, worker_name, node_attrs,
           provider_node, provider_location, worker_paused, worker_uptodate, worker_last_tick
      from pgq_node.node_info n
      left join pgq_node.node_info c
        on c.queue_name operator(pg_catalog.=) n.combined_queue
      left join pgq_node.local_state s
        on s.queue_name operator(pg_catalog.=) n.queue_name
       and s.consumer_name operator(pg_catalog.=) n.worker_name
      left join pgq_node.node_location l
        on l.queue_name operator(pg_catalog.=) s.queue_name
       and l.node_name operator(pg_catalog.=) s.provider_node
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;

    if node_type operator(pg_catalog.=) any (array['root', 'branch']) then
        select q.queue_id
          into v_queue_id
          from pgq.queue q
         where q.queue_name operator(pg_catalog.=) i_queue_name;

        select t.tick_id
          into v_top_tick
          from pgq.tick t
         where t.tick_queue operator(pg_catalog.=) v_queue_id
         order by t.tick_id desc
         limit 1;

        select pg_catalog.min(s.sub_last_tick) filter (where c.co_name operator(pg_catalog.=) '.global_watermark'),
               pg_catalog.min(s.sub_last_tick) filter (where c.co_name operator(pg_catalog.<>) '.global_watermark')
          into global_watermark, local_watermark
          from pgq.subscription s
          join pgq.consumer c
            on c.co_id operator(pg_catalog.=) s.sub_consumer
         where s.sub_queue operator(pg_catalog.=) v_queue_id;
        local_watermark := coalesce(local_watermark, v_top_tick);

        if node_type operator(pg_catalog.=) 'root' then
            worker_last_tick := v_top_tick;
        end if;
    else
        local_watermark := worker_last_tick;
    end if;

    select pg_catalog.array_agg(p.queue_name order by p.queue_name)
      into target_for
      from pgq_node.node_info p
     where p.combined_queue operator(pg_catalog.=) i_queue_name;

    ret_code := 100;
    ret_note := 'Ok';
end;
$$;
