-- pgq_node.change_consumer_provider(i_queue_name, i_consumer_name, i_new_provider)
--
-- Points a consumer of this node at another provider. The consumer confirms by setting uptodate.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
--   i_new_provider   node to read from
-- Returns: 200 changed; 404 when the node has no location here or the consumer is unknown.
-- Tables written: pgq_node.local_state.
create function pgq_node.change_consumer_provider(
    in i_queue_name text,
    in i_consumer_name text,
    in i_new_provider text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    perform 1
       from pgq_node.node_location l
      where l.queue_name operator(pg_catalog.=) i_queue_name
        and l.node_name operator(pg_catalog.=) i_new_provider;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('New node not found: %s', i_new_provider);
        return;
    end if;

    update pgq_node.local_state s
       set provider_node = i_new_provider,
           uptodate = false
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown consumer: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Consumer provider node set to : %s', i_new_provider);
end;
$$;
