-- trunkline_capture.count_event: counts the events one transaction puts into a queue with a limit per transaction.
-- Parameters: i_queue_id, i_queue_name - queue; i_limit - number of events allowed.
-- Returns: nothing; error at the event after the last one allowed.
-- Tables written: none; a transaction-local setting holds the count.
create or replace function trunkline_capture.count_event(i_queue_id integer, i_queue_name text, i_limit integer)
returns void as $$
declare
    -- The setting ends with the transaction, and a rolled back savepoint takes its events out of the count.
    v_setting constant pg_catalog.text := 'trunkline_capture.events_of_' operator(pg_catalog.||) i_queue_id::pg_catalog.text;
    v_text constant pg_catalog.text := pg_catalog.current_setting(v_setting, true);
    v_count bigint := 1;
begin
    if pg_catalog.length(v_text) operator(pg_catalog.>) 0 then
        v_count := v_text::bigint operator(pg_catalog.+) 1::bigint;
    end if;
    if v_count operator(pg_catalog.>) i_limit then
        raise exception 'queue "%" takes % events per transaction, and this is one more', i_queue_name, i_limit
            using errcode = 'program_limit_exceeded',
                  hint = 'Change fewer rows per transaction, or raise queue_per_tx_limit in pgq.queue.';
    end if;
    perform pg_catalog.set_config(v_setting, v_count::pg_catalog.text, true);
end;
$$ language plpgsql;
