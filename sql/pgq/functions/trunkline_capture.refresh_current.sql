-- trunkline_capture.refresh_current: writes the function trunkline_capture.current_ID of a queue anew. It gives the number of
-- the event table that takes events, as a constant that the server puts into the plans of those who ask; replacing it makes
-- them plan again, so that the lookup costs nothing. It gives -1 while the queue has rules that pgq.insert_event() knows.
-- Parameters: i_queue_id - queue.
-- Returns: nothing. The function is dropped where the queue is gone.
-- Tables written: none; a function is replaced, and writers get the rights that it takes to add events to the queue's tables.
create or replace function trunkline_capture.refresh_current(i_queue_id integer)
returns void as $$
declare
    v_name constant pg_catalog.text := pg_catalog.format('trunkline_capture.current_%s()', i_queue_id);
    v_queue pgq.queue;
    v_place pg_catalog.text;
begin
    select q.* into v_queue from pgq.queue q where q.queue_id operator(pg_catalog.=) i_queue_id;
    if not found then
        execute pg_catalog.format('drop function if exists %s', v_name);
        return;
    end if;
    v_place := case
        when v_queue.queue_disable_insert or v_queue.queue_per_tx_limit operator(pg_catalog.>=) 0 then '-1'
        else v_queue.queue_cur_table::pg_catalog.text
    end;
    execute pg_catalog.format(
        'create or replace function %s returns integer language sql stable as %L', v_name,
        pg_catalog.format('select %s', v_place));
    execute pg_catalog.format('revoke execute on function %s from public', v_name);
    execute pg_catalog.format('grant execute on function %s to pgq_writer, pgq_admin', v_name);
end;
$$ language plpgsql security definer;
