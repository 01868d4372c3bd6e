-- pgq.batch_retry: puts all events of an open batch aside, to be delivered to the same consumer again.
-- Parameters: i_batch_id - batch; i_retry_seconds - when they are due, from now.
-- Returns: number of events put aside now; those put aside before do not count; error when the batch is not open.
-- Tables written: pgq.retry_queue.
create or replace function pgq.batch_retry(i_batch_id bigint, i_retry_seconds integer)
returns integer as $$
declare
    v_sub pg_catalog.record;
    v_count integer;
begin
    select s.sub_id, s.sub_queue into v_sub from pgq.subscription s where s.sub_batch operator(pg_catalog.=) i_batch_id;
    if not found then
        raise exception 'batch % is not open: its events cannot be retried', i_batch_id
            using errcode = 'undefined_object';
    end if;

    execute 'insert into pgq.retry_queue (ev_retry_after, ev_queue, ev_id, ev_time, ev_owner, ev_retry,'
         operator(pg_catalog.||) ' ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)'
         operator(pg_catalog.||) ' select $1, $2, ev.ev_id, ev.ev_time, $3, coalesce(ev.ev_retry, 0) operator(pg_catalog.+) 1,'
         operator(pg_catalog.||) ' ev.ev_type, ev.ev_data, ev.ev_extra1, ev.ev_extra2, ev.ev_extra3, ev.ev_extra4'
         operator(pg_catalog.||) ' from (' operator(pg_catalog.||) pgq.batch_event_sql(i_batch_id) operator(pg_catalog.||) ') ev'
         operator(pg_catalog.||) ' on conflict (ev_owner, ev_id) do nothing'
      using pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(secs => i_retry_seconds), v_sub.sub_queue, v_sub.sub_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$ language plpgsql security definer;
