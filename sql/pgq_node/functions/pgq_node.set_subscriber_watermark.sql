-- pgq_node.set_subscriber_watermark(i_queue_name, i_node_name, i_watermark)
--
-- A subscriber reports how far it and everything below it have come.
--
-- Parameters:
--   i_queue_name  name of the cascaded queue
--   i_node_name   the subscribed node
--   i_watermark   a tick of the local queue; raises when it does not exist
-- Returns: 200 moved; 100 is there already; 404 not subscribed (the note lacks the queue name, as clients know
--   it); 405 would go back.
-- Tables written: pgq.subscription.
create function pgq_node.set_subscriber_watermark(
    in i_queue_name text,
    in i_node_name text,
    in i_watermark bigint,
    out ret_code integer,
    out ret_note text)
returns record
language plpgsql
security definer
as $$
declare
    v_watermark_name text;
    v_old bigint;
begin
    v_watermark_name := '.' operator(pg_catalog.||) i_node_name operator(pg_catalog.||) '.watermark';

    select c.last_tick
      into v_old
      from pgq.get_consumer_info(i_queue_name, v_watermark_name) c;
    if not found then
        ret_code := 404;
        ret_note := pg_catalog.format('node %s not subscribed to queue ', i_node_name);
        return;
    end if;

    if i_watermark operator(pg_catalog.=) v_old then
        ret_code := 100;
        ret_note := 'watermark already set';
        return;
    end if;
    if i_watermark operator(pg_catalog.<) v_old then
        ret_code := 405;
        ret_note := 'watermark must not be moved backwards';
        return;
    end if;

    perform pgq.register_consumer_at(i_queue_name, v_watermark_name, i_watermark);

    ret_code := 200;
    ret_note := pg_catalog.format('%s set to %s', v_watermark_name, i_watermark);
end;
$$;
