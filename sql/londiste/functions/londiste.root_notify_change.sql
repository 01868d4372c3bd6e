-- londiste.root_notify_change(i_queue_name, i_ev_type, i_ev_data)
--
-- Tells all nodes of a cascade something through its queue.
--
-- Parameters:
--   i_queue_name  name of the queue
--   i_ev_type     type of the event
--   i_ev_data     its data
-- Returns: 1; raises when the local node is not the root.
-- Tables written: the queue.
create function londiste.root_notify_change(i_queue_name text, i_ev_type text, i_ev_data text)
returns integer
language plpgsql
as $$
begin
    if not pgq_node.is_root_node(i_queue_name) then
        raise exception 'only root node can send events';
    end if;
    perform pgq.insert_event(i_queue_name, i_ev_type, i_ev_data);
    return 1;
end;
$$;
