-- pgq.current_event_table: names the table that takes a queue's events now, for writers that fill it directly.
-- Parameters: x_queue_name - queue.
-- Returns: table name such as pgq.event_1_0, good until the end of the transaction; error when the queue is unknown
-- or does not take events from this session.
-- Tables written: none.
create or replace function pgq.current_event_table(x_queue_name text)
returns text as $$
declare
    v_queue pg_catalog.record;
begin
    select q.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) q.queue_cur_table::pg_catalog.text as table_name, q.queue_disable_insert
      into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) x_queue_name;
    if not found then
        raise exception 'queue "%" does not exist: it has no event table', x_queue_name
            using errcode = 'undefined_object';
    end if;
    if v_queue.queue_disable_insert
       and pg_catalog.current_setting('session_replication_role') operator(pg_catalog.<>) 'replica'
       and not trunkline_capture.is_replaying()
    then
        raise exception 'queue "%" does not take events from applications', x_queue_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Only a session with session_replication_role = replica may insert into it.';
    end if;
    return v_queue.table_name;
end;
$$ language plpgsql;
