-- pgq_node.is_leaf_node(i_queue_name)
--
-- Is the local node of this queue a leaf?
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
-- Returns: true or false; raises when the queue is not cascaded here.
-- Tables written: none.
create function pgq_node.is_leaf_node(i_queue_name text)
returns boolean
language plpgsql
as $$
declare
    v_answer boolean;
begin
    select n.node_type operator(pg_catalog.=) 'leaf'
      into v_answer
      from pgq_node.node_info n
     where n.queue_name operator(pg_catalog.=) i_queue_name;
    if not found then
        raise exception 'queue does not exist: %', i_queue_name;
    end if;
    return v_answer;
end;
$$;
