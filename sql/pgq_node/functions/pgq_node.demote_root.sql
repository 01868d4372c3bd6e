-- pgq_node.demote_root(i_queue_name, i_step, i_new_provider)
--
-- Turns the root into a branch, in three steps that are each a transaction of its own:
--   1  nobody may write to the queue any more, and the ticker leaves it alone;
--   2  waits for writers that are still at it, then makes the last tick;
--   3  the node becomes a branch of the new provider.
-- Before step 3 promote_branch cannot undo this; the flags of pgq.queue can.
--
-- Parameters:
--   i_queue_name    name of the cascaded queue
--   i_step          1, 2 or 3
--   i_new_provider  node to read from after step 3; its location must be registered
-- Returns: 200, with the last tick in steps 2 and 3; 301 this node is no root; 404 the queue is not cascaded here.
--   Raises when the steps are out of order.
-- Tables written: pgq.queue (1), pgq.tick (2), pgq_node.node_info and pgq_node.local_state (3).
create function pgq_node.demote_root(
    in i_queue_name text,
    in i_step integer,
    in i_new_provider text,
    out ret_code integer,
    out ret_note text,
    out last_tick bigint)
returns record
language plpgsql
security definer
as $$
declare
    v_node_type text;
    v_worker_name text;
    v_queue_id integer;
    v_disabled boolean;
    v_data_pfx text;
    v_tick_seq text;
    v_event_seq text;
begin
    select n.node_type, n.worker_name, q.queue_id,
           q.queue_disable_insert and q.queue_external_ticker,
           q.queue_data_pfx, q.queue_tick_seq, q.queue_event_seq
      into v_node_type, v_worker_name, v_queue_id, v_disabled, v_data_pfx, v_tick_seq, v_event_seq
      from pgq_node.node_info n
      left join pgq.queue q
        on q.queue_name operator(pg_catalog.=) n.queue_name
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Node not initialized for queue: %s', i_queue_name);
        return;
    end if;
    if v_node_type operator(pg_catalog.<>) 'root' then
        ret_code := 301;
        ret_note := 'Node not root';
        return;
    end if;

    if i_step operator(pg_catalog.>) 1 and not v_disabled then
        raise exception 'steps in wrong order';
    end if;

    if i_step operator(pg_catalog.=) 1 then
        update pgq.queue q
           set queue_disable_insert = true,
               queue_external_ticker = true
         where q.queue_id operator(pg_catalog.=) v_queue_id;

        ret_code := 200;
        ret_note := pg_catalog.format('Step 1: Writing disabled for: %s', i_queue_name);
    elsif i_step operator(pg_catalog.=) 2 then
        -- Clients find the role changed, as they always did. Nothing below needs it, so an owner who may not
        -- set it can demote a root all the same.
        begin
            perform pg_catalog.set_config('session_replication_role', 'replica', true);
        exception when insufficient_privilege then
            null;
        end;

        -- Writers that passed the check before step 1 still hold their tables.
        execute pg_catalog.format('lock table %s in exclusive mode', pgq.quote_fqname(v_data_pfx));

        last_tick := pg_catalog.nextval(pgq.quote_fqname(v_tick_seq)::regclass);
        insert into pgq.tick (tick_queue, tick_id, tick_event_seq)
        values (v_queue_id, last_tick, pg_catalog.nextval(pgq.quote_fqname(v_event_seq)::regclass));

        ret_code := 200;
        ret_note := pg_catalog.format('Step 2: Inserted last tick: %s', i_queue_name);
    elsif i_step operator(pg_catalog.=) 3 then
        select t.tick_id
          into last_tick
          from pgq.tick t
         where t.tick_queue operator(pg_catalog.=) v_queue_id
         order by t.tick_id desc
         limit 1;

        update pgq_node.node_info n
           set node_type = 'branch'
         where n.queue_name operator(pg_catalog.=) i_queue_name;
        update pgq_node.local_state s
           set provider_node = i_new_provider,
               last_tick_id = last_tick,
               uptodate = false
         where s.queue_name operator(pg_catalog.=) i_queue_name
           and s.consumer_name operator(pg_catalog.=) v_worker_name;

        ret_code := 200;
        ret_note := pg_catalog.format('Step 3: Demoted root to branch: %s', i_queue_name);
    else
        raise exception 'incorrect step number';
    end if;
end;
$$;
