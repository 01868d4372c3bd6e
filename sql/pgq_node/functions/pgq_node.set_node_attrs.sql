-- pgq_node.set_node_attrs(i_queue_name, i_node_attrs)
--
-- Replaces the attributes of the local node.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_attrs  url-encoded attributes, or NULL; workers know sync_watermark=node,node
-- Returns: 200 set; 404 the queue is not cascaded here.
-- Tables written: pgq_node.node_info.
create function pgq_node.set_node_attrs(
    in i_queue_name text,
    in i_node_attrs text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    update pgq_node.node_info n
       set node_attrs = i_node_attrs
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        ret_code := 404;
        ret_note := 'Node not found';
        return;
    end if;

    ret_code := 200;
    ret_note := 'Node attributes updated';
end;
$$;
