-- trunkline_capture.move_events: gives events of this transaction new ids, so that they come after those captured meanwhile.
-- Parameters: i_queue_id - queue; i_name - table as it is named in the events; i_after, i_last - range of their ids.
-- Returns: id given out just before theirs.
-- Tables written: event tables of the queue.
create or replace function trunkline_capture.move_events(i_queue_id integer, i_name text, i_after bigint, i_last bigint)
returns bigint as $$
declare
    v_queue pgq.queue;
    v_before bigint;
begin
    select q.* into v_queue from pgq.queue q where q.queue_id operator(pg_catalog.=) i_queue_id;
    v_before := pg_catalog.nextval(v_queue.queue_event_seq::pg_catalog.regclass);
    execute pg_catalog.format(
        'with moved as (delete from %s e'
        ' where e.ev_txid operator(pg_catalog.=) pg_catalog.txid_current() and e.ev_extra1 operator(pg_catalog.=) $1'
        ' and e.ev_id operator(pg_catalog.>) $2 and e.ev_id operator(pg_catalog.<=) $3 returning e.*)'
        ' insert into %s (ev_time, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)'
        ' select m.ev_time, m.ev_type, m.ev_data, m.ev_extra1, m.ev_extra2, m.ev_extra3, m.ev_extra4 from moved m order by m.ev_id',
        pgq.quote_fqname(v_queue.queue_data_pfx),
        pgq.quote_fqname(pg_catalog.format('%s_%s', v_queue.queue_data_pfx, v_queue.queue_cur_table)))
      using i_name, i_after, i_last;
    return v_before;
end;
$$ language plpgsql security definer;
