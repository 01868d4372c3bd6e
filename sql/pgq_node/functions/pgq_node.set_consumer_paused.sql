-- pgq_node.set_consumer_paused(i_queue_name, i_consumer_name, i_paused)
--
-- Asks a consumer to stop after its batch, or to go on. It confirms by setting uptodate.
--
-- Parameters:
--   i_queue_name     name of the cascaded queue
--   i_consumer_name  name of the consumer
--   i_paused         true to stop, false to go on
-- Returns: 200 changed; 201 was so already; 404 unknown consumer.
-- Tables written: pgq_node.local_state.
create function pgq_node.set_consumer_paused(
    in i_queue_name text,
    in i_consumer_name text,
    in i_paused boolean,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_was_paused boolean;
    v_word text;
begin
    select s.paused
      into v_was_paused
      from pgq_node.local_state s
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name
       for no key update;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('Unknown consumer: %s', i_consumer_name);
        return;
    end if;

    v_word := case when i_paused then 'paused' else 'resumed' end;
    if v_was_paused operator(pg_catalog.=) i_paused then
        ret_code := 201;
        ret_note := pg_catalog.format('Consumer %s already %s', i_consumer_name, v_word);
        return;
    end if;

    update pgq_node.local_state s
       set paused = i_paused,
           uptodate = false
     where s.queue_name operator(pg_catalog.=) i_queue_name
       and s.consumer_name operator(pg_catalog.=) i_consumer_name;

    ret_code := 200;
    ret_note := pg_catalog.format('Consumer %s tagged as %s', i_consumer_name, v_word);
end;
$$;
