-- pgq.grant_perms: makes a queue's tables and sequences readable and writable for the queue roles.
-- Parameters: x_queue_name - queue.
-- Returns: 1; error when the queue is unknown.
-- Tables written: none; grants are changed.
create or replace function pgq.grant_perms(x_queue_name text)
returns integer as $$
declare
    v_queue pg_catalog.record;
    v_schema pg_catalog.text;
    v_table pg_catalog.text;
begin
    select q.queue_data_pfx, q.queue_event_seq, q.queue_tick_seq, q.queue_ntables
      into v_queue
      from pgq.queue q
     where q.queue_name operator(pg_catalog.=) x_queue_name;
    if not found then
        raise exception 'queue "%" does not exist: its permissions cannot be set', x_queue_name
            using errcode = 'undefined_object', hint = 'Create the queue with pgq.create_queue() first.';
    end if;

    execute 'grant select on ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_tick_seq) operator(pg_catalog.||) ' to public';
    execute 'grant select on ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_event_seq) operator(pg_catalog.||) ' to public';
    execute 'grant usage on ' operator(pg_catalog.||) pgq.quote_fqname(v_queue.queue_event_seq) operator(pg_catalog.||) ' to pgq_admin';

    v_schema := pg_catalog.split_part(v_queue.queue_data_pfx, '.', 1);
    v_table := pg_catalog.split_part(v_queue.queue_data_pfx, '.', 2);
    perform pgq._grant_perms_from('pgq', 'event_template', v_schema, v_table);
    for i in 0 .. v_queue.queue_ntables operator(pg_catalog.-) 1 loop
        perform pgq._grant_perms_from('pgq', 'event_template', v_schema, v_table operator(pg_catalog.||) '_' operator(pg_catalog.||) i::pg_catalog.text);
    end loop;
    return 1;
end;
$$ language plpgsql security definer;
