-- pgq.create_queue: creates a queue: its row, sequences, event tables, grants, and the first tick.
-- Parameters: i_queue_name - name of the new queue.
-- Returns: 1 when created, 0 when it was there already.
-- Tables written: pgq.queue, pgq.tick.
create or replace function pgq.create_queue(i_queue_name text)
returns integer as $$
declare
    v_id integer;
    v_prefix pg_catalog.text;
    v_ntables integer;
begin
    if i_queue_name is null then
        raise exception 'a queue needs a name: pgq.create_queue() was called with NULL'
            using errcode = 'null_value_not_allowed';
    end if;

    if exists (select 1 from pgq.queue q where q.queue_name operator(pg_catalog.=) i_queue_name) then
        return 0;
    end if;

    v_id := pg_catalog.nextval('pgq.queue_queue_id_seq');
    v_prefix := 'pgq.event_' operator(pg_catalog.||) v_id::pg_catalog.text;
    insert into pgq.queue (queue_id, queue_name, queue_data_pfx, queue_event_seq, queue_tick_seq)
    values (v_id, i_queue_name, v_prefix, v_prefix operator(pg_catalog.||) '_id_seq', v_prefix operator(pg_catalog.||) '_tick_seq')
        on conflict (queue_name) do nothing
    returning queue_ntables into v_ntables;
    if not found then
        return 0;
    end if;

    execute 'create sequence ' operator(pg_catalog.||) v_prefix operator(pg_catalog.||) '_tick_seq';
    execute 'create sequence ' operator(pg_catalog.||) v_prefix operator(pg_catalog.||) '_id_seq';
    execute 'create table ' operator(pg_catalog.||) v_prefix operator(pg_catalog.||) ' () inherits (pgq.event_template)';
    for i in 0 .. v_ntables operator(pg_catalog.-) 1 loop
        execute pg_catalog.format('create table %1$s_%2$s () inherits (%1$s)', v_prefix, i);
        execute pg_catalog.format('alter table %1$s_%2$s alter column ev_id set default nextval(%3$L)',
                                  v_prefix, i, v_prefix operator(pg_catalog.||) '_id_seq');
        execute pg_catalog.format('create index event_%1$s_%2$s_txid_idx on %3$s_%2$s (ev_txid)', v_id, i, v_prefix);
    end loop;

    perform pgq.grant_perms(i_queue_name);
    perform pgq.tune_storage(i_queue_name);
    perform trunkline_capture.refresh_insert_row();
    perform trunkline_capture.refresh_grants(v_id);
    perform trunkline_capture.refresh_current(v_id);
    perform pgq.ticker(i_queue_name);
    return 1;
end;
$$ language plpgsql security definer;
