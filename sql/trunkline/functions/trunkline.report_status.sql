-- trunkline.report_status(i_queue_name, i_node_name, i_worker, i_pid, i_host, i_state, i_detail)
--
-- Heartbeat of the worker of a node.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the node
--   i_worker      who works, as it took the lease
--   i_pid         its process
--   i_host        the machine it runs on
--   i_state       what it does, in a word
--   i_detail      figures for status to show, or NULL
-- Returns: nothing.
-- Tables written: trunkline.worker_status.
create function trunkline.report_status(
    i_queue_name text,
    i_node_name text,
    i_worker text,
    i_pid integer,
    i_host text,
    i_state text,
    i_detail jsonb default null)
returns void
language plpgsql
as $$
begin
    insert into trunkline.worker_status (queue_name, node_name, worker, pid, host, heartbeat_at, state, detail)
    values (i_queue_name, i_node_name, i_worker, i_pid, i_host, pg_catalog.clock_timestamp(), i_state, i_detail)
        on conflict on constraint worker_status_pkey do update
       set worker = excluded.worker,
           pid = excluded.pid,
           host = excluded.host,
           heartbeat_at = excluded.heartbeat_at,
           state = excluded.state,
           detail = excluded.detail;
end;
$$;
