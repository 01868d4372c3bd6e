-- pgq_node.get_worker_state(i_queue_name)
--
-- Everything a cascade worker wants to know about its own node, in one call.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: 100 with the state; 404 when the queue is not cascaded here or its worker is not registered.
--   Watermarks as in get_node_info; local_queue_top is the newest tick of the local queue, NULL on a leaf.
-- Tables written: none.
create function pgq_node.get_worker_state(
    in i_queue_name text,
    out ret_code integer,
    out ret_note text,
    out node_type text,
    out node_name text,
    out completed_tick bigint,
    out provider_node text,
    out provider_location text,
    out paused boolean,
    out uptodate boolean,
    out cur_error text,
    out worker_name text,
    out global_watermark bigint,
    out local_watermark bigint,
    out local_queue_top bigint,
    out combined_queue text,
    out combined_type text)
returns record
language plpgsql
security definer
as $$
declare
    v_queue_id integer;
begin
    select n.node_type, n.node_name, n.worker_name, n.combined_queue
      into node_type, node_name, worker_name, combined_queue
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown queue: %s', i_queue_name);
        return;
    end if;

    select s.last_tick_id, s.provider_node, l.node_location, s.paused, s.uptodate, s.cur_error
      into completed_tick, provider_node, provider_location, paused, uptodate, cur_error
      from pgq_node.local_state s
      join pgq_node.node_location l
        on l.queue_name operator(pg_catalog.=) s.queue_name
       and l.node_name operator(pg_catalog.=) s.provider_node
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) worker_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown consumer: %s/%s', i_queue_name, worker_name);
        return;
    end if;

    select c.node_type
      into combined_type
      from pgq_node.node_info c
     where c.queue_name operator(pg_catalog.=) get_worker_state.combined_queue;

    if node_type operator(pg_catalog.=) any (array['root', 'branch']) then
        select q.queue_id
          into v_queue_id
          from pgq.queue q
         where q.queue_name operator(pg_catalog.=) i_queue_name;

        select t.tick_id
          into local_queue_top
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
        local_watermark := coalesce(local_watermark, local_queue_top);
    else
        local_watermark := completed_tick;
    end if;

    ret_code := 100;
    ret_note := 'Ok';
end;
$$;
