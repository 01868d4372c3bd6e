-- pgq_node.set_consumer_uptodate(i_queue_name, i_consumer_name, i_uptodate)
--
-- By this a consumer confirms that it has read its state, such as a pause or a new provider.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
--   i_uptodate       true when it has
-- Returns: 200 set; 404 unknown consumer.
-- Tables written: pgq_node.local_state.
create function pgq_node.set_consumer_uptodate(
    in i_queue_name text,
    in i_consumer_name text,
    in i_uptodate boolean,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    update pgq_node.local_state s
       set uptodate = i_uptodate
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Consumer not known: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    ret_code := 200;
    ret_note := pg_catalog.format('Consumer uptodate = %s', case when i_uptodate then '1' else '0' end);
end;
$$;
