-- pgq_node.set_global_watermark(i_queue_name, i_watermark)
--
-- Moves the tick up to which every node of the cascade has everything. A root sends it on through the queue; a
-- branch is told by its worker.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_watermark   the tick; on a root NULL means its own local watermark
-- Returns: 200 moved, or skipped on a branch that lacks the tick; 100 nothing to do on a leaf; 404 the queue is
--   not cascaded here; 500 NULL on a branch.
-- Tables written: pgq.subscription; on a root also the queue (event pgq.global-watermark) and
--   pgq_node.local_state.
create function pgq_node.set_global_watermark(
    in i_queue_name text,
    in i_watermark bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
    v_worker_name text;
    v_watermark bigint := i_watermark;
begin
    select n.node_type, n.worker_name
      into v_node_type, v_worker_name
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Queue%s not found', i_queue_name);
        return;
    end if;

    if v_node_type operator(pg_catalog.=) 'leaf' then
        ret_code := 100;
        ret_note := 'Ignoring global watermark in leaf';
        return;
    end if;

    if v_node_type operator(pg_catalog.=) 'root' then
        if v_watermark is null then
            select i.local_watermark
              into v_watermark
              from pgq_node.get_node_info(i_queue_name) i;
            if v_watermark is null then
                raise exception 'local_watermark=NULL from get_node_info()?';
            end if;
        end if;

        perform pgq.register_consumer_at(i_queue_name, '.global_watermark', v_watermark);
        perform pgq.insert_event(i_queue_name, 'pgq.global-watermark', v_watermark::text,
                                 i_queue_name, null, null, null);
        update pgq_node.local_state s
           set last_tick_id = v_watermark
         where s.queue_name operator(pg_catalog.=) i_queue_name
           and s.consumer_name operator(pg_catalog.=) v_worker_name;
    else
        if v_watermark is null then
            ret_code := 500;
            ret_note := 'bad usage: wm=null on branch node';
            return;
        end if;

        -- The watermark may come by before the tick it names: the worker makes ticks after the batch.
        perform 1
           from pgq.tick t
           join pgq.queue q
             on q.queue_id operator(pg_catalog.=) t.tick_queue
          where q.queue_name operator(pg_catalog.=) i_queue_name
            and t.tick_id operator(pg_catalog.=) v_watermark;
        if not found then
            ret_code := 200;
            ret_note := pg_catalog.format('Skipping global watermark update to %s', v_watermark);
            return;
        end if;
        perform pgq.register_consumer_at(i_queue_name, '.global_watermark', v_watermark);
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Global watermark set to %s', v_watermark);
end;
$$;
