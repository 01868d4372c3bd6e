-- pgq.batch_event_sql: builds the query that reads a batch's events in the order of their ids.
-- Parameters: x_batch_id - batch.
-- Returns: SQL text; error when no such batch is open.
-- Tables written: none.
create or replace function pgq.batch_event_sql(x_batch_id bigint)
returns text as $$
declare
    v_batch pg_catalog.record;
    v_start bigint;
    v_txid bigint;
    v_listed bigint[];
    v_table pg_catalog.text;
    v_select pg_catalog.text;
    v_parts pg_catalog.text[];
begin
    select s.sub_id, s.sub_queue, s.sub_last_tick, s.sub_next_tick,
           last.tick_snapshot as last_snapshot, cur.tick_snapshot as cur_snapshot
      into v_batch
      from pgq.subscription s
      join pgq.tick last on last.tick_queue operator(pg_catalog.=) s.sub_queue and last.tick_id operator(pg_catalog.=) s.sub_last_tick
      join pgq.tick cur on cur.tick_queue operator(pg_catalog.=) s.sub_queue and cur.tick_id operator(pg_catalog.=) s.sub_next_tick
     where s.sub_batch operator(pg_catalog.=) x_batch_id;
    if not found then
        raise exception 'batch % is not open: its events cannot be found', x_batch_id
            using errcode = 'undefined_object';
    end if;

    -- Transactions that were open at the last tick and ended before this one. The range is widened for those close to
    -- it; for the others a list is cheaper than reading everything since they began.
    v_start := pg_catalog.txid_snapshot_xmax(v_batch.last_snapshot);
    for v_txid in
        select x.txid
          from pg_catalog.txid_snapshot_xip(v_batch.last_snapshot) x(txid)
         where pg_catalog.txid_visible_in_snapshot(x.txid, v_batch.cur_snapshot)
         order by x.txid desc
    loop
        if v_listed is null and (v_start operator(pg_catalog.-) v_txid) operator(pg_catalog.<=) 100 then
            v_start := v_txid;
        else
            v_listed := pg_catalog.array_append(v_listed, v_txid);
        end if;
    end loop;

    for v_table in select t.name from pgq.batch_event_tables(x_batch_id) t(name) loop
        v_select := pg_catalog.format(
            'select ev.ev_id, ev.ev_time, ev.ev_txid, ev.ev_retry, ev.ev_type, ev.ev_data,'
            ' ev.ev_extra1, ev.ev_extra2, ev.ev_extra3, ev.ev_extra4'
            ' from pgq.tick cur, pgq.tick last, %1$s ev'
            ' where cur.tick_queue operator(pg_catalog.=) %2$s and cur.tick_id operator(pg_catalog.=) %3$s'
            ' and last.tick_queue operator(pg_catalog.=) %2$s and last.tick_id operator(pg_catalog.=) %4$s'
            ' and pg_catalog.txid_visible_in_snapshot(ev.ev_txid, cur.tick_snapshot)'
            ' and not pg_catalog.txid_visible_in_snapshot(ev.ev_txid, last.tick_snapshot)'
            ' and (ev.ev_owner is null or ev.ev_owner operator(pg_catalog.=) %5$s)',
            pgq.quote_fqname(v_table), v_batch.sub_queue, v_batch.sub_next_tick, v_batch.sub_last_tick, v_batch.sub_id);
        v_parts := pg_catalog.array_append(v_parts, pg_catalog.format(
            '%s and ev.ev_txid operator(pg_catalog.>=) %s and ev.ev_txid operator(pg_catalog.<=) %s',
            v_select, v_start, pg_catalog.txid_snapshot_xmax(v_batch.cur_snapshot)));
        if v_listed is not null then
            v_parts := pg_catalog.array_append(v_parts, pg_catalog.format(
                '%s and ev.ev_txid operator(pg_catalog.=) any (array[%s]::bigint[])',
                v_select, pg_catalog.array_to_string(v_listed, ', ')));
        end if;
    end loop;
    return pg_catalog.array_to_string(v_parts, ' union all ') operator(pg_catalog.||) ' order by 1';
end;
$$ language plpgsql;
