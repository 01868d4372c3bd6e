-- trunkline_capture.capture_anew: the statement that captures what a statement has done to a table, made from how table and
-- queue are now. A table's own functions run it where the statements they hold do not fit: columns, key or triggers are not
-- what they were, the queue has been rotated a moment ago or has rules of its own, or keys have changed.
-- Parameters: i_queue_name - queue; i_table - table; i_name - its name in the events; i_operation - INSERT, UPDATE or DELETE.
-- Returns: SQL over trunkline_new and trunkline_old, the rows after and before.
-- Tables written: none.
create or replace function trunkline_capture.capture_anew(i_queue_name text, i_table oid, i_name text, i_operation text)
returns text as $$
declare
    v_facts pg_catalog.record;
    v_events pg_catalog.text;
    v_queue pgq.queue;
begin
    select f.* into v_facts from trunkline_capture.table_facts(i_table) f;
    select q.* into v_queue from pgq.queue q where q.queue_name operator(pg_catalog.=) i_queue_name;
    if i_operation operator(pg_catalog.<>) 'INSERT' and v_facts.o_keys is null then
        raise exception 'table "%.%" has no primary key: its updates and deletes cannot be replicated', v_facts.o_schema, v_facts.o_table
            using errcode = 'object_not_in_prerequisite_state',
                  hint = 'Give it one, or take it out of the queue.';
    end if;

    if i_operation operator(pg_catalog.=) 'UPDATE' then
        v_events := trunkline_capture.capture_pairs(i_table, i_name);
    else
        v_events := trunkline_capture.capture_query(
            i_table, i_name, i_operation,
            case when i_operation operator(pg_catalog.=) 'DELETE' then 'trunkline_old n' else 'trunkline_new n' end, 'true');
    end if;
    if v_queue.queue_disable_insert or v_queue.queue_per_tx_limit operator(pg_catalog.>=) 0 or v_queue.queue_id is null then
        return pg_catalog.format(
            'select pgq.insert_event(%L, e.ev_type, e.ev_data, e.ev_extra1, null, null, null) from (%s) e (ev_time, ev_type, ev_data, ev_extra1)',
            i_queue_name, v_events);
    end if;
    return pg_catalog.format('insert into %s (ev_time, ev_type, ev_data, ev_extra1) %s',
                             pgq.quote_fqname(pg_catalog.format('%s_%s', v_queue.queue_data_pfx, v_queue.queue_cur_table)), v_events);
end;
$$ language plpgsql;
