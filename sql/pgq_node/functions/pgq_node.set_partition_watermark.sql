-- pgq_node.set_partition_watermark(i_combined_queue_name, i_part_queue_name, i_watermark)
--
-- On a branch of a combined queue: how much of a part queue has arrived through the combined one. The part queue's
-- own leaf here waits behind that.
--
-- Parameters:
--   i_combined_queue_name  the combined queue
--   i_part_queue_name      a queue that is merged into it
--   i_watermark            tick of the part queue
-- Returns: 200 set; 201 this node does not wait for it; 401 the leaf's worker is not registered.
-- Tables written: pgq_node.local_state.
create function pgq_node.set_partition_watermark(
    in i_combined_queue_name text,
    in i_part_queue_name text,
    in i_watermark bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_worker_name text;
begin
    select p.worker_name
      into v_worker_name
      from pgq_node.node_info p
      join pgq_node.node_info c
        on c.queue_name operator(pg_catalog.=) p.combined_queue
     where p.queue_name operator(pg_catalog.=) i_part_queue_name
       and p.node_type operator(pg_catalog.=) 'leaf'
       and c.queue_name operator(pg_catalog.=) i_combined_queue_name
       and c.node_type operator(pg_catalog.=) 'branch';
    if not found then
        ret_code := 201;
        ret_note := 'Part-queue does not exist';
        return;
    end if;

    update pgq_node.local_state s
       set last_tick_id = i_watermark
     where s.queue_name operator(pg_catalog.=) i_part_queue_name
       and s.consumer_name operator(pg_catalog.=) v_worker_name;
    if not found then
        ret_code := 401;
        ret_note := 'Worker registration not found';
        return;
    end if;

    ret_code := 200;
    ret_note := 'Ok';
end;
$$;
