-- pgq_node.set_consumer_error(i_queue_name, i_consumer_name, i_error_msg)
--
-- Keeps what stopped a consumer, for status to show.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
--   i_error_msg      the message, NULL to clear
-- Returns: 100 set (the note is NULL when cleared); 101 unknown consumer, which is harmless.
-- Tables written: pgq_node.local_state.
create function pgq_node.set_consumer_error(
    in i_queue_name text,
    in i_consumer_name text,
    in i_error_msg text,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
begin
    update pgq_node.local_state s
       set cur_error = i_error_msg
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;
    if not found then
        ret_code := 101;
        ret_note := pg_catalog.format('Consumer not known, ignoring: %s/%s', i_queue_name, i_consumer_name);
        return;
    end if;

    ret_code := 100;
    if i_error_msg is not null then
        ret_note := pg_catalog.format('Consumer %s error = %s', i_consumer_name, i_error_msg);
    end if;
end;
$$;
