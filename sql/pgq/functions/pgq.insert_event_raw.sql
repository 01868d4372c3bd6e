-- pgq.insert_event_raw: puts one event with all its fields into a queue.
-- Parameters: queue_name - queue; ev_id - id, NULL for the next one; ev_time - NULL for now(); ev_owner - subscription the
-- event is meant for; ev_retry - how often it was retried; ev_type, ev_data, ev_extra1..4 - content.
-- Returns: id of the event; error when the queue is unknown, takes no events, or its limit per transaction is reached.
-- Tables written: current event table of the queue.
create or replace function pgq.insert_event_raw(
    queue_name text, ev_id bigint, ev_time timestamptz, ev_owner integer, ev_retry integer,
    ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)
returns bigint as $$
declare
    v_queue integer;
    v_table integer;
    v_disabled boolean;
    v_limit integer;
    v_prefix pg_catalog.text;
    v_sequence pg_catalog.text;
    v_time constant pg_catalog.timestamptz := coalesce(ev_time, pg_catalog.now());
    v_id bigint;
begin
    select q.queue_id, q.queue_cur_table, q.queue_disable_insert, q.queue_per_tx_limit, q.queue_data_pfx, q.queue_event_seq
      into v_queue, v_table, v_disabled, v_limit, v_prefix, v_sequence
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) insert_event_raw.queue_name;
    if not found then
        if queue_name is null then
            raise exception 'an event needs a queue: its name is NULL' using errcode = 'null_value_not_allowed';
        end if;
        raise exception 'queue "%" does not exist: the event cannot be stored', queue_name
            using errcode = 'undefined_object', hint = 'Create the queue with pgq.create_queue() first.';
    end if;
    if v_disabled
       and pg_catalog.current_setting('session_replication_role') operator(pg_catalog.<>) 'replica'
       and not trunkline_capture.is_replaying()
    then
        raise exception 'queue "%" does not take events from applications', queue_name
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Only a session with session_replication_role = replica may insert into it.';
    end if;
    if v_limit operator(pg_catalog.>=) 0 then
        perform trunkline_capture.count_event(v_queue, queue_name, v_limit);
    end if;

    -- The sequence moves even for events that bring their id: the ticker sees activity by it.
    v_id := trunkline_capture.insert_row(v_queue, v_table, ev_id, v_time, ev_owner, ev_retry,
                                         ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4);
    if v_id is not null then
        return v_id;
    end if;

    -- A queue that came by another way than pgq.create_queue(), or has more tables than it had then.
    v_id := pg_catalog.nextval(v_sequence::pg_catalog.regclass);
    v_id := coalesce(ev_id, v_id);
    execute 'insert into ' operator(pg_catalog.||) pgq.quote_fqname(v_prefix operator(pg_catalog.||) '_' operator(pg_catalog.||) v_table::pg_catalog.text)
         operator(pg_catalog.||) ' (ev_id, ev_time, ev_owner, ev_retry, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)'
         operator(pg_catalog.||) ' values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)'
      using v_id, v_time, ev_owner, ev_retry, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4;
    return v_id;
end;
$$ language plpgsql;
