-- pgq_node.promote_branch(i_queue_name)
--
-- Turns a branch into the root of its queue: writers and the ticker may go on, after the ticks it has.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: 200 done; 301 this node is no branch; 404 the queue is not cascaded here.
-- Tables written: pgq.queue, the tick sequence, pgq_node.node_info, pgq_node.local_state.
create function pgq_node.promote_branch(
    in i_queue_name text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
    v_node_name text;
    v_worker_name text;
    v_queue_id integer;
    v_tick_seq text;
    v_last_tick bigint;
begin
    select n.node_type, n.node_name, n.worker_name, q.queue_id, q.queue_tick_seq
      into v_node_type, v_node_name, v_worker_name, v_queue_id, v_tick_seq
      from pgq_node.node_info n
      left join pgq.queue q
        on q.queue_name operator(pg_catalog.=) n.queue_name
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Node not initialized for queue: %s', i_queue_name);
        return;
    end if;
    if v_node_type operator(pg_catalog.<>) 'branch' then
        ret_code := 301;
        ret_note := 'Node not branch';
        return;
    end if;

    update pgq.queue q
       set queue_disable_insert = false,
           queue_external_ticker = false
     where q.queue_id operator(pg_catalog.=) v_queue_id;

    select t.tick_id
      into v_last_tick
      from pgq.tick t
     where t.tick_queue operator(pg_catalog.=) v_queue_id
     order by t.tick_id desc
     limit 1;
    perform pgq.seq_setval(v_tick_seq, v_last_tick);

    update pgq_node.node_info n
       set node_type = 'root'
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    update pgq_node.local_state s
       set provider_node = v_node_name,
           last_tick_id = v_last_tick,
           uptodate = false
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) v_worker_name;

    ret_code := 200;
    ret_note := 'Branch node promoted to root';
end;
$$;
