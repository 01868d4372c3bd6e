-- pgq.batch_event_tables: names the event tables a batch may have events in.
-- Parameters: x_batch_id - batch.
-- Returns: one or two table names; error when no such batch is open.
-- Tables written: none.
create or replace function pgq.batch_event_tables(x_batch_id bigint)
returns setof text as $$
declare
    v_batch pg_catalog.record;
    v_previous integer;
    v_use_previous boolean;
    v_use_current boolean;
begin
    select pg_catalog.txid_snapshot_xmin(last.tick_snapshot) as last_xmin,
           pg_catalog.txid_snapshot_xmax(cur.tick_snapshot) as cur_xmax,
           q.queue_data_pfx, q.queue_cur_table, q.queue_ntables, q.queue_switch_step1, q.queue_switch_step2
      into v_batch
      from pgq.subscription s
      join pgq.queue q on q.queue_id operator(pg_catalog.=) s.sub_queue
      join pgq.tick last on last.tick_queue operator(pg_catalog.=) s.sub_queue and last.tick_id operator(pg_catalog.=) s.sub_last_tick
      join pgq.tick cur on cur.tick_queue operator(pg_catalog.=) s.sub_queue and cur.tick_id operator(pg_catalog.=) s.sub_next_tick
     where s.sub_batch operator(pg_catalog.=) x_batch_id;
    if not found then
        raise exception 'batch % is not open: its events cannot be found', x_batch_id
            using errcode = 'undefined_object';
    end if;

    -- Whoever started after step 2 writes to the current table only, whoever ended before step 1 wrote to the previous
    -- one only; in between both are possible.
    v_use_previous := true;
    v_use_current := true;
    if v_batch.cur_xmax operator(pg_catalog.<) v_batch.queue_switch_step1 then
        v_use_current := false;
    elsif v_batch.queue_switch_step2 is not null and v_batch.last_xmin operator(pg_catalog.>) v_batch.queue_switch_step2 then
        v_use_previous := false;
    end if;

    if v_use_previous then
        v_previous := ((v_batch.queue_cur_table operator(pg_catalog.-) 1) operator(pg_catalog.+) v_batch.queue_ntables) operator(pg_catalog.%) v_batch.queue_ntables;
        return next v_batch.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) v_previous::pg_catalog.text;
    end if;
    if v_use_current then
        return next v_batch.queue_data_pfx operator(pg_catalog.||) '_' operator(pg_catalog.||) v_batch.queue_cur_table::pg_catalog.text;
    end if;
end;
$$ language plpgsql;
